package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// Mean weighs every task by 1/T: the objective is the mean of the task losses. T counts the tasks with a label in the batch, and Σw = 1. It differs from
// Equal by a factor of T in the learning rate; with an optimiser such as Adam, which does not heed the gradient's scale, hardly at all.
type Mean struct{}

// Weights implements mtl.Weighting.
func (Mean) Weights(s *mtl.Step) *graph.Node {
	_, active := lossesOf(s)
	return graph.StopGradient(ratio(wide(s.Active), count(active)))
}
