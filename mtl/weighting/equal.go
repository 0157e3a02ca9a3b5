package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// Equal weighs every task by 1: the objective is the sum of the task losses, not their mean (linear scalarisation with
// w_t = 1, Σw = T). See Mean.
type Equal struct{}

// Weights implements mtl.Weighting.
func (Equal) Weights(s *mtl.Step) *graph.Node { return graph.OnesLike(s.Losses) }
