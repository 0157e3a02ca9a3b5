package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// RLW is random loss weighting: in each step
//
//	w = softmax(ε),  ε_t ~ N(0, 1)
//
// (Lin, Ye, Zhang and Tsang, "Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task Learning", TMLR 2022, algorithm 2 with the normal
// distribution). Σw = 1 over the tasks with a label in the batch. The numbers come from the store's random state, so a seed fixes them
// and a resumed run goes on with them. A method that does not beat it on average over seeds has not shown that its weights matter.
type RLW struct{}

// Weights implements mtl.Weighting.
func (RLW) Weights(s *mtl.Step) *graph.Node {
	_, active := lossesOf(s)
	draws := s.Scope.RandomNormal(s.Graph(), shapes.Make(dtypes.Float64, s.Tasks()))
	// A uniform number of exactly 0 makes an infinite normal one; no other is as large as 10.
	return graph.StopGradient(softmaxOver(active, graph.ClipScalar(draws, -10, 10)))
}
