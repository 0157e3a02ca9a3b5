package sweep

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/pareto"
	"github.com/gomtl/gomtl/mtl/study"
)

// Adaptive refines the Pareto front where it is thin. After each round it looks for the longest gaps between neighbours on the front, scaled to [0, 1] in every
// objective, and trains settings half-way between the two: the geometric mean of each weight and hyper-parameter that is above 0 in both, else the
// arithmetic mean. Neighbours of different methods are left alone. New settings get the seeds that the others have.
type Adaptive struct {
	// Settings is how many settings there may be in all, not counting seeds; 0 means twice as many as at the start.
	Settings int
	// Round is how many settings a round adds at most; 0 means 4.
	Round int
	// Gap ends the refinement when no gap is longer; 0 means 0.02.
	Gap float64
}

func (a *Adaptive) check() error {
	if a.Settings < 0 || a.Round < 0 || !(a.Gap >= 0) {
		return fmt.Errorf("sweep: Adaptive is %+v; wanted no number below 0", *a)
	}
	return nil
}

// propose returns the settings of the next round, without seeds; none ends the sweep.
func (a *Adaptive) propose(s *study.Study, begun int) []study.Setting {
	most, round, least := a.Settings, a.Round, a.Gap
	if most == 0 {
		most = 2 * begun
	}
	if round == 0 {
		round = 4
	}
	if least == 0 {
		least = 0.02
	}
	groups := s.Groups()
	points := s.Points(groups)
	known := map[string]bool{}
	for i, g := range groups {
		known[g.Setting.Key()] = true
		if !g.Complete() {
			points[i] = []float64{math.NaN()}
		}
	}
	var proposals []study.Setting
	for _, gap := range pareto.Gaps(points) {
		if gap.Length <= least || len(proposals) >= round || len(groups)+len(proposals) >= most {
			break
		}
		middle, ok := between(groups[gap.A].Setting, groups[gap.B].Setting)
		if ok && !known[middle.Key()] {
			known[middle.Key()] = true
			proposals = append(proposals, middle)
		}
	}
	return proposals
}

// between is the setting half-way between two of the same method.
func between(a, b study.Setting) (study.Setting, bool) {
	if a.Method != b.Method {
		return study.Setting{}, false
	}
	middle := study.Setting{Method: a.Method}
	weight := func(s study.Setting, task string) float64 {
		if w, ok := s.Weights[task]; ok {
			return w
		}
		return 1
	}
	for _, task := range keysOf(a.Weights, b.Weights) {
		if middle.Weights == nil {
			middle.Weights = map[string]float64{}
		}
		middle.Weights[task] = mean(weight(a, task), weight(b, task))
	}
	if sum, want := sumOf(middle.Weights), sumOf(a.Weights); len(a.Weights) > 1 && sum > 0 && math.Abs(want-sumOf(b.Weights)) < 1e-3*want {
		for task, w := range middle.Weights { // both are on a simplex: so is the middle
			middle.Weights[task] = rounded(w*want/sum, 4)
		}
	}
	for _, path := range keysOf(a.Values, b.Values) {
		from, to := a.Values[path], b.Values[path]
		if len(from) != len(to) {
			return study.Setting{}, false // one of them leaves it at its default
		}
		values := make([]float64, len(from))
		for i := range values {
			values[i] = mean(from[i], to[i])
		}
		if middle.Values == nil {
			middle.Values = map[string][]float64{}
		}
		middle.Values[path] = values
	}
	return middle, true
}

func mean(a, b float64) float64 {
	if a > 0 && b > 0 {
		return rounded(math.Sqrt(a*b), 4)
	}
	return rounded((a+b)/2, 4)
}

func sumOf(weights map[string]float64) (sum float64) {
	for _, w := range weights {
		sum += w
	}
	return sum
}

func keysOf[V any](a, b map[string]V) []string {
	keys := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(keys)
	return slices.Compact(keys)
}
