package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// STCH is smooth Tchebycheff scalarisation: the objective is a smooth maximum of the losses' weighted distances from an ideal point,
//
//	μ·log Σ_t exp(λ_t·(L_t − z_t)/μ),  so that  w_t = λ_t·softmax_t(λ·(L − z)/μ)
//
// (Lin et al., "Smooth Tchebycheff Scalarization for Multi-Objective Optimization", ICML 2024). Every Pareto optimum is the minimum for some λ,
// also where the front is not convex. Σw is between the least and the largest λ_t: 1/T with equal preferences. The authors' code for
// multi-task learning trains on logarithms instead: STCHLogNadir.
type STCH struct {
	// Mu is μ: the smaller, the more the largest distance counts alone. 0 means 1.
	Mu float64
	// Preference is λ. nil means 1/T for the active tasks.
	Preference []float64
	// Ideal is z, a lower bound of each loss. nil means 0.
	Ideal []float64
}

// Weights implements mtl.Weighting.
func (m STCH) Weights(s *mtl.Step) *graph.Node {
	losses, active := lossesOf(s)
	mu := number(s, "stch/mu", "STCH.Mu", m.Mu, 1, maximum)
	lambda := preference(s, "stch/preference", "STCH", m.Preference, 1)
	distance := graph.Sub(losses, lowerBounds(s, "stch/ideal", "STCH.Ideal", m.Ideal))
	return graph.StopGradient(graph.Mul(lambda, softmaxOver(active, graph.Div(graph.Mul(lambda, distance), mu))))
}
