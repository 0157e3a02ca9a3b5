package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// COSMOS is a weighted sum of the losses that rewards losses in the direction of the preference:
//
//	rᵀL − λ·cos(r, L),  so that  w = r − λ·(r̂ − cos(r, L)·L̂)/‖L‖
//
// with unit vectors r̂ and L̂ (Ruchte and Grabocka, "Scalable Pareto Front Approximation for Deep Multi-Objective Learning", ICDM 2021). Σw is about
// Σr, which is 1 by default; a loss below its share can get a negative weight. At L = 0 the cosine counts as constant.
//
// The paper's model takes r as one more input and so learns the whole front: feed r with the data, and give it here with mtl.SetHyperparameter in
// each step. Without it, this is the objective alone.
type COSMOS struct {
	// Lambda is λ, from 0.01 to 8 in the paper, by data set. 0 means 2, its value for Multi-MNIST; for none, set the hyper-parameter "cosmos/lambda" to 0.
	Lambda float64
	// Preference is r. nil means 1/T for the active tasks.
	Preference []float64
	// Resample draws r uniformly from the simplex in each step. The model does not see r. It excludes Preference.
	Resample bool
}

// Weights implements mtl.Weighting.
func (m COSMOS) Weights(s *mtl.Step) *graph.Node {
	losses, _ := lossesOf(s)
	lambda := number(s, "cosmos/lambda", "COSMOS.Lambda", m.Lambda, 2, maximum)
	r := preferenceOrDraw(s, "cosmos/preference", "COSMOS", m.Preference, m.Resample)
	direction, _ := unitOf(r)
	unit, norm := unitOf(losses)
	turn := graph.Sub(direction, graph.Mul(unit, graph.ReduceAllSum(graph.Mul(direction, unit))))
	return graph.StopGradient(graph.Sub(r, graph.Mul(lambda, ratio(turn, norm))))
}
