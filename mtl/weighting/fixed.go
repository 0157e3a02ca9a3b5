package weighting

import (
	"maps"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// Fixed weighs each task by a number of its own, given by task name; a task that is not named has weight 1. The hyper-parameter "fixed/weights" holds
// them in the order of the tasks, so mtl.SetHyperparameter changes them between steps: a schedule or a sweep needs no other program. A
// name that is no task's, or a weight that is negative or not finite, panics.
type Fixed map[string]float64

// Weights implements mtl.Weighting.
func (f Fixed) Weights(s *mtl.Step) *graph.Node {
	weights := make([]float64, s.Tasks())
	for i := range weights {
		weights[i] = 1
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		i, w := slices.Index(s.Names, name), f[name]
		if i < 0 {
			exceptions.Panicf("mtl: weighting.Fixed has a weight for %q, which is no task of the model: the tasks are %q", name, s.Names)
		}
		if !(w >= 0) || math.IsInf(w, 0) {
			exceptions.Panicf("mtl: weighting.Fixed has the weight %v for task %q; wanted a finite number, 0 or more", w, name)
		}
		weights[i] = w
	}
	return s.Parameters("fixed/weights", weights)
}
