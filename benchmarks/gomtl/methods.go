package main

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// methods are what -method names.
var methods = map[string]mtl.Weighting{
	"equal":          nil,
	"gramian":        gramian{},
	"representation": mtl.Gradients{Method: gramian{}, Target: mtl.Representation{}},
	"gramian-first":  mtl.Gradients{Method: gramian{}, Memory: mtl.GramianFirst},
}

// gramian takes the Gramian and does next to nothing with it: what every Gramian method costs without its solver.
type gramian struct{}

func (gramian) Weights(s *mtl.Step) *graph.Node {
	return graph.OnePlus(graph.MulScalar(graph.ReduceSum(s.Gramian(), -1), 1e-9))
}
