package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// PBI is penalty-based boundary intersection: it drives the losses towards the ideal point along a ray. With u = L − z and the unit
// vector p̂ of the preference, the objective is
//
//	d₁ + θ·d₂,  d₁ = uᵀp̂,  d₂ = ‖u − d₁·p̂‖,  so that  w = p̂ + θ·(u − d₁·p̂)/d₂
//
// (Zhang and Li, "MOEA/D: A Multiobjective Evolutionary Algorithm Based on Decomposition", IEEE Transactions on Evolutionary Computation 2007, section
// II.C). The preference is the direction of the losses: a task with the larger p_t ends with the larger loss. A task that is below the ray can get a
// negative weight, which lets its loss rise. Σw is free.
//
// d₂ has no gradient on the ray: there w = p̂, and within a relative distance of about 1e-6 from it w goes over to the formula's.
type PBI struct {
	// Theta is θ. 0 means the paper's 5; for none, set the hyper-parameter "pbi/theta" to 0.
	Theta float64
	// Preference is p; its length does not matter. nil means equal for the active tasks.
	Preference []float64
	// Ideal is z, a lower bound of each loss. nil means 0.
	Ideal []float64
	// Resample draws p uniformly from the simplex in each step, to train on the whole of the front at once. The model does not see p. It excludes Preference.
	Resample bool
}

// Weights implements mtl.Weighting.
func (m PBI) Weights(s *mtl.Step) *graph.Node {
	losses, active := lossesOf(s)
	theta := number(s, "pbi/theta", "PBI.Theta", m.Theta, 5, maximum)
	ray, _ := unitOf(preferenceOrDraw(s, "pbi/preference", "PBI", m.Preference, m.Resample))
	u, _ := unitOf(only(active, graph.Sub(losses, lowerBounds(s, "pbi/ideal", "PBI.Ideal", m.Ideal))))
	across := graph.Sub(u, graph.Mul(ray, graph.ReduceAllSum(graph.Mul(u, ray))))
	length := graph.Sqrt(graph.AddScalar(graph.ReduceAllSum(graph.Square(across)), 1e-12))
	return graph.StopGradient(graph.Add(ray, graph.Mul(theta, graph.Div(across, length))))
}
