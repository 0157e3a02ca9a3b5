package sweep

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/pareto"
	"github.com/gomtl/gomtl/mtl/study"
)

// Halving is successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016) with several
// objectives: all settings train up to a rung; there those that others dominate are dropped, the worst fronts first, until the share Keep is left; the others go
// on to the next rung, and the last ones to the end. A setting on the Pareto front of its rung is never dropped. Seeds of a setting stay or go together.
type Halving struct {
	// Keep is the share of settings that each rung keeps; 0 means 1/2.
	Keep float64
	// First is the step of the first rung, each later one being 1/Keep times the one before; rungs are moved to the next validation. 0 means a quarter of
	// the steps.
	First int
}

func (h *Halving) keep() float64 {
	if h.Keep == 0 {
		return 0.5
	}
	return h.Keep
}

func (h *Halving) check(f *mtl.FitOptions) error {
	if keep := h.keep(); !(keep > 0 && keep < 1) {
		return fmt.Errorf("sweep: Halving.Keep is %v; wanted a share above 0 and below 1", keep)
	}
	if h.First < 0 || h.First >= f.Steps {
		return fmt.Errorf("sweep: Halving.First is step %d of %d; wanted an earlier step than the last", h.First, f.Steps)
	}
	return nil
}

// rungs are the steps at which settings are dropped: multiples of every, below steps.
func (h *Halving) rungs(steps, every int) []int {
	if h == nil {
		return nil
	}
	at := float64(h.First)
	if h.First == 0 {
		at = float64(steps) / 4
	}
	var rungs []int
	for {
		rung := every * int(math.Ceil(at/float64(every)))
		if rung >= steps {
			return rungs
		}
		if len(rungs) == 0 || rung > rungs[len(rungs)-1] {
			rungs = append(rungs, rung)
		}
		at /= h.keep()
	}
}

// dropped are the keys of the settings that a rung drops. It depends on the figures at the rung alone, so a sweep that was killed in between decides the same.
func (h *Halving) dropped(s *study.Study, rung int) map[string]bool {
	var keys []string
	values := map[string][][]float64{} // by key, seed and objective
	for _, t := range s.Trials {
		costs := costsAt(s, t, rung)
		if costs == nil {
			continue
		}
		key := t.Key()
		if values[key] == nil {
			keys = append(keys, key)
		}
		values[key] = append(values[key], costs)
	}
	points := make([][]float64, len(keys))
	for i, key := range keys {
		points[i] = make([]float64, len(s.Objectives))
		for _, costs := range values[key] {
			for k, c := range costs {
				points[i][k] += c / float64(len(values[key]))
			}
		}
	}
	ranks := pareto.Ranks(points)
	sums := make([]float64, len(keys)) // between settings of one front: the smaller sum of scaled costs is kept
	for i, p := range pareto.Normalized(points) {
		for _, v := range p {
			sums[i] += v
		}
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(ranks[a], ranks[b]), cmp.Compare(sums[a], sums[b]))
	})
	kept := int(math.Ceil(h.keep() * float64(len(keys))))
	drop := map[string]bool{}
	for place, i := range order {
		if place >= kept && ranks[i] > 0 {
			drop[keys[i]] = true
		}
	}
	return drop
}

// costsAt are the objectives of a trial at a rung, lower is better; nil for one that did not get there.
func costsAt(s *study.Study, t *study.Trial, rung int) []float64 {
	if t.History == nil || t.Step < rung || t.State == study.Failed {
		return nil
	}
	at := &study.Trial{}
	until := &history.History{Run: t.History.Run}
	for _, r := range t.History.Records {
		if r.Step <= rung {
			until.Records = append(until.Records, r)
		}
	}
	at.Follow(until, s.Split)
	costs := make([]float64, len(s.Objectives))
	for i, o := range s.Objectives {
		costs[i] = o.Cost(o.Value(at))
	}
	return costs
}
