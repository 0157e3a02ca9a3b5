package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// Smoothed is CR-MOGM: it averages another method's weights over the steps,
//
//	ŵ ← α·ŵ + (1−α)·w
//
// from ŵ = w in the first step on (Zhou et al., "On the Convergence of Stochastic Multi-Objective Gradient Manipulation and Beyond", NeurIPS 2022, algorithm
// 1), which makes a method that solves a problem per noisy batch converge. The paper lets α grow towards 1 as the learning rate falls: set the hyper-parameter
// "smoothed/factor" to 1 − rate/initial rate.
//
// The ŵ_t of a task without a label in the batch stays, and one met for the first time starts with its w_t; so Σŵ is no constant where
// labels are missing. Variables that the method trains learn as they would without smoothing. A method that sets its own direction has nothing to
// smooth but the weights that heads and history get.
type Smoothed struct {
	// Method is what gives w. Gradients goes around Smoothed, not inside.
	Method mtl.Weighting
	// Factor is α, up to 1. 0 means 0.9; for none, set the hyper-parameter "smoothed/factor" to 0.
	Factor float64
}

// Heads implements mtl.HeadDefault: what the method has.
func (m Smoothed) Heads() mtl.HeadGradients {
	if own, ok := m.Method.(mtl.HeadDefault); ok {
		return own.Heads()
	}
	return mtl.WeightedHeads
}

// Weights implements mtl.Weighting.
func (m Smoothed) Weights(s *mtl.Step) *graph.Node {
	switch m.Method.(type) {
	case nil, mtl.Gradients:
		exceptions.Panicf("mtl: weighting.Smoothed.Method is a %T; wanted a weighting, and mtl.Gradients only around Smoothed", m.Method)
	}
	scope, shape := s.Scope.At("smoothed"), s.Losses.Shape()
	alpha := number(s, "smoothed/factor", "Smoothed.Factor", m.Factor, 0.9, 1)
	given := m.Method.Weights(s)
	w := wide(given)
	active := graph.LogicalAnd(isActive(s), graph.IsFinite(w))

	averageVar, knownVar := stateOf(s, scope, "weights", shape, 0), stateOf(s, scope, "known", shape, 0)
	average, known := wide(averageVar.NodeValue(s.Graph())), wide(knownVar.NodeValue(s.Graph()))
	before := graph.Where(above(known, 0), average, w)
	smooth := graph.Where(active, graph.Add(graph.Mul(alpha, before), graph.Mul(graph.OneMinus(alpha), w)), average)
	averageVar.SetNodeValue(graph.ConvertDType(smooth, averageVar.DType()))
	knownVar.SetNodeValue(graph.ConvertDType(graph.Where(active, graph.OnesLike(known), known), knownVar.DType()))
	// The value of smooth with the gradient of the given weights.
	smooth = graph.StopGradient(graph.ConvertDType(smooth, given.DType()))
	s.WeightHeads(smooth) // also where the method has others for them
	return graph.Add(smooth, graph.Sub(given, graph.StopGradient(given)))
}
