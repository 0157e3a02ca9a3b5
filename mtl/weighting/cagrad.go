package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// Rescale says what CAGrad multiplies its update by.
type Rescale int

const (
	// NoRescale leaves the update of algorithm 1 as it is.
	NoRescale Rescale = iota
	// RescaleSquare multiplies by 1/(1+c²), the default of the authors' code and of LibMTL.
	RescaleSquare
	// RescaleLinear multiplies by 1/(1+c).
	RescaleLinear
)

// String says what the update is multiplied by, or none.
func (r Rescale) String() string {
	switch r {
	case RescaleSquare:
		return "1/(1+c²)"
	case RescaleLinear:
		return "1/(1+c)"
	}
	return "none"
}

// CAGrad is conflict-averse gradient descent: the update within c·‖g₀‖ of the average gradient g₀ that helps the worst-off task most,
//
//	g = g₀ + (c·‖g₀‖/‖g_w‖)·g_w,  g_w = Σ_t w_t·g_t,  w = argmin over the simplex of g_w·g₀ + c·‖g₀‖·‖g_w‖
//
// (Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021, algorithm 1 and equation 4). The weights of the
// sum are p + (c·‖g₀‖/‖g_w‖)·w, 1 and more in all, with p = 1/T or the preference. It conflicts with no task for c ≥ 1 and becomes MGDA's
// direction for large c. Heads keep their own gradient. Where the best g_w is 0 the tasks are Pareto stationary and the update is 0.
//
// The optimum is exact; peers use SLSQP (LibMTL) or an interior point method (TorchJD, which returns 0 for ‖g_w‖ < 1e-4 of the length of J).
type CAGrad struct {
	// C is c ≥ 0. 0 means 0.4, what the paper takes for NYU-v2 and Cityscapes; LibMTL's default is 0.5.
	C float64
	// Rescale shortens the update.
	Rescale Rescale
	// Preference is p: g₀ is Σ_t p_t·g_t. nil means 1/T for the active tasks.
	Preference []float64
}

// Heads implements mtl.HeadDefault.
func (CAGrad) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (a CAGrad) Weights(s *mtl.Step) *graph.Node {
	g, _ := gramian(s)
	c := number(s, "cagrad/c", "CAGrad.C", a.C, 0.4, maximum)
	p := preference(s, "cagrad/preference", "CAGrad", a.Preference, 1)
	dtype := s.Gramian().DType()
	best := solve.CAGrad(s.Gramian(), s.Active, graph.ConvertDType(c, dtype), graph.ConvertDType(p, dtype))
	w, length := graph.ConvertDType(best.Weights, dtypes.Float64), graph.ConvertDType(best.Norm, dtypes.Float64)
	radius := graph.Mul(c, graph.Sqrt(quadratic(g, p)))
	weights := graph.Add(p, graph.Mul(ratio(radius, length), w))
	stationary := graph.LogicalAnd(cancels(s, g, w, graph.Square(length)), above(c, 0))
	weights = graph.Where(stationary, graph.ZerosLike(weights), weights)
	switch a.Rescale {
	case NoRescale:
	case RescaleSquare:
		weights = graph.Div(weights, graph.AddScalar(graph.Square(c), 1))
	case RescaleLinear:
		weights = graph.Div(weights, graph.AddScalar(c, 1))
	default:
		exceptions.Panicf("mtl: weighting.CAGrad has the Rescale %d; wanted one of the constants", a.Rescale)
	}
	return solved(s, best, weights)
}
