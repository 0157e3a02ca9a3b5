package main

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// methods are what -method names.
var methods = map[string]mtl.Weighting{
	"equal":          nil,
	"uncertainty":    weighting.Uncertainty{},
	"dwa":            weighting.DWA{},
	"gramian":        gramian{},
	"gramian-first":  mtl.Gradients{Method: gramian{}, Memory: mtl.GramianFirst},
	"representation": mtl.Gradients{Method: gramian{}, Target: mtl.Representation{}},
	"mgda":           weighting.MGDA{},
	"pcgrad":         weighting.PCGrad{},
	"upgrad":         weighting.UPGrad{},
	"cagrad":         weighting.CAGrad{},
	"nash":           weighting.NashMTL{},
	"fairgrad":       weighting.FairGrad{},
	"aligned":        weighting.AlignedMTL{},
	"graddrop":       weighting.GradDrop{},
	"dbmtl":          weighting.DBMTL{},
}

// gramian takes the Gramian and does next to nothing with it: what every Gramian method costs without its solver.
type gramian struct{}

func (gramian) Heads() mtl.HeadGradients { return mtl.RawHeads }

func (gramian) Weights(s *mtl.Step) *graph.Node {
	return graph.OnePlus(graph.MulScalar(graph.ReduceSum(s.Gramian(), -1), 1e-9))
}
