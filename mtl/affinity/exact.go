package affinity

import (
	"math"
	"math/bits"
)

// offer is the best group for a set of tasks to serve, among those of one cost.
type offer struct {
	cost, gain float64
	group      set
}

// plan is a way to serve a set of tasks: the last group with the tasks it serves, after an earlier plan for the others.
type plan struct {
	cost, gain float64
	last       part
	before     *plan
}

// exact is a dynamic programme over sets of tasks: the tasks served by different groups are disjoint, so the best way to serve a set is a group for the part with its
// first task, and the best way to serve the rest. Of the plans for a set those stay that no other beats in cost and gain, and that may yet come to as much as
// hill climbing found. 3^T steps.
func (s Search) exact(m *Matrix) *Grouping {
	n := len(m.Tasks)
	offers := s.offers(m)
	hopes, known := s.hopes(m), math.Inf(-1)
	quick := s
	quick.Restarts = 2
	if climbed := quick.climb(m); climbed != nil {
		known = climbed.Predicted - 1e-9
	}
	plans := make([][]*plan, 1<<n)
	plans[0] = []*plan{{}}
	for served := set(1); served < 1<<n; served++ {
		first, hope := served&-served, hopes[set(len(plans)-1)&^served]
		rest := served &^ first
		var kept []*plan
		// All parts of served with its first task.
		for sub := rest; ; sub = (sub - 1) & rest {
			for _, o := range offers[sub|first] {
				for _, before := range plans[rest&^sub] {
					cost, gain := before.cost+o.cost, before.gain+o.gain
					if cost <= s.Budget*(1+1e-12) && gain+hope >= known && !beaten(kept, cost, gain) {
						kept = append(unbeaten(kept, cost, gain), &plan{cost, gain, part{o.group, sub | first}, before})
					}
				}
			}
			if sub == 0 {
				break
			}
		}
		plans[served] = kept
	}
	var best *plan
	for _, p := range plans[1<<n-1] {
		if best == nil || p.gain > best.gain {
			best = p
		}
	}
	if best == nil {
		return nil
	}
	var parts []part
	for p := best; p.before != nil; p = p.before {
		parts = append(parts, p.last)
	}
	return s.grouping(m, parts, true)
}

// hopes bound what each set of tasks can gain: a mean is no more than its largest part.
func (s Search) hopes(m *Matrix) []float64 {
	hopes := make([]float64, 1<<len(m.Tasks))
	for tasks := set(1); tasks < set(len(hopes)); tasks++ {
		t := bits.TrailingZeros64(tasks)
		most := s.Alone
		for i := range m.Tasks {
			if i != t {
				most = math.Max(most, m.Values[i][t])
			}
		}
		hopes[tasks] = hopes[tasks&(tasks-1)] + most
	}
	return hopes
}

func beaten(plans []*plan, cost, gain float64) bool {
	for _, p := range plans {
		if p.cost <= cost && p.gain >= gain {
			return true
		}
	}
	return false
}

func unbeaten(plans []*plan, cost, gain float64) []*plan {
	kept := plans[:0]
	for _, p := range plans {
		if p.cost < cost || p.gain > gain {
			kept = append(kept, p)
		}
	}
	return kept
}

// offers lists, for each set of tasks to serve, the best groups: one of each cost, dearer ones only where they gain more.
func (s Search) offers(m *Matrix) [][]offer {
	n := len(m.Tasks)
	gains := make([]float64, n)
	costs := make([]float64, n+1)
	for size := 1; size <= n; size++ {
		costs[size] = s.Cost(size)
	}
	best := make([][]offer, 1<<n)
	sums := make([]float64, 1<<n) // of the gains in the group, by the tasks served
	for group := set(1); group < 1<<n; group++ {
		cost := costs[bits.OnesCount64(group)]
		if cost > s.Budget*(1+1e-12) {
			continue
		}
		for t := range n {
			if group>>t&1 == 1 {
				gains[t] = s.gain(m, t, group)
			}
		}
		if s.Disjoint {
			sum := 0.0
			for t := range n {
				if group>>t&1 == 1 {
					sum += gains[t]
				}
			}
			best[group] = []offer{{cost, sum, group}}
			continue
		}
		// The subsets of the group in ascending order, so that those with a task fewer come first.
		for serves := -group & group; serves != 0; serves = (serves - group) & group {
			lowest := bits.TrailingZeros64(serves)
			sums[serves] = sums[serves&(serves-1)] + gains[lowest]
			best[serves] = better(best[serves], offer{cost, sums[serves], group})
		}
	}
	return best
}

// better adds an offer unless another is as cheap and as good, and drops those that it beats.
func better(offers []offer, o offer) []offer {
	for _, other := range offers {
		if other.cost <= o.cost && other.gain >= o.gain {
			return offers
		}
	}
	kept := offers[:0]
	for _, other := range offers {
		if other.cost < o.cost || other.gain > o.gain {
			kept = append(kept, other)
		}
	}
	return append(kept, o)
}
