package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// FairGrad is α-fair resource allocation between the tasks: the w > 0 with
//
//	Gw = w^(−1/α) (each element),  G_ij = g_i·g_j
//
// (Ban and Ji, "Fair Resource Allocation in Multi-Task Learning", ICML 2024, equation 5 and algorithm 1). α = 1 is proportional fairness, the direction of
// NashMTL; α → 0 tends to the plain sum, α → ∞ to max-min fairness. The weights' scale depends on that of the gradients, as ‖g‖^(−2α/(1+α)). Heads get the
// weighted gradient.
//
// w is the exact solution, by Newton's method, where peers run a least-squares solver from 1/T. Where the tasks are Pareto
// stationary, which leaves no solution, a very small multiple of the unit matrix is added to G.
type FairGrad struct {
	// Alpha is α. 0 means 2, as in the authors' runs; LibMTL's default is 1.
	Alpha float64
}

// Weights implements mtl.Weighting.
func (f FairGrad) Weights(s *mtl.Step) *graph.Node {
	alpha := number(s, "fairgrad/alpha", "FairGrad.Alpha", f.Alpha, 2, maximum)
	found := solve.Nash(s.Gramian(), s.Active, graph.ConvertDType(alpha, s.Gramian().DType()))
	return solved(s, found, found.Weights)
}
