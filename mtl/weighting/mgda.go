package weighting

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// Normalization says what MGDA divides each task's gradient by before it looks for weights.
type Normalization int

const (
	// NoNormalization takes the gradients as they are.
	NoNormalization Normalization = iota
	// NormNormalization divides by ‖g_t‖ ("l2").
	NormNormalization
	// LossNormalization divides by L_t ("loss").
	LossNormalization
	// LossNormNormalization divides by L_t·‖g_t‖ ("loss+").
	LossNormNormalization
)

// String names it as the reference implementation does.
func (n Normalization) String() string {
	names := []string{"none", "l2", "loss", "loss+"}
	if n < 0 || int(n) >= len(names) {
		return fmt.Sprintf("Normalization(%d)", int(n))
	}
	return names[n]
}

// MGDA is the multiple-gradient descent algorithm: the shortest convex combination of the task gradients,
//
//	min ‖Σ_t w_t·g_t‖²  over w ≥ 0, Σ_t w_t = 1
//
// (Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", Comptes Rendus Mathématique 2012; Sener and Koltun, "Multi-Task Learning as
// Multi-Objective Optimization", NeurIPS 2018, equation 3 and algorithm 2). It conflicts with no task, and is 0 where the tasks are
// Pareto stationary, as where one gradient is 0. Σw = 1; nash-mtl multiplies by T. Heads keep their own gradient, as in algorithm 2.
//
// The optimum is exact. LibMTL stops at a change of 1e-5 or 250 steps and clamps two tasks' weights to [0.001, 0.999]; TorchJD's Frank-Wolfe steps are far
// from it for gradients of very different length. With a normalisation the divided gradients are combined, as in LibMTL: that conflicts with no task, and
// the returned weights, those of the gradients as they are, include the divisors. The authors' code, and LibMTL on representations, give the
// weights found for the divided gradients to those as they are.
type MGDA struct {
	// Normalization divides the gradients. A loss of 0 or less counts as 1e-12 of the largest; if none is above 0, all count as 1.
	Normalization Normalization
}

// Heads implements mtl.HeadDefault.
func (MGDA) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m MGDA) Weights(s *mtl.Step) *graph.Node {
	if m.Normalization == NoNormalization {
		return shortest(s, s.Gramian())
	}
	g, active := gramian(s)
	norms := graph.Sqrt(diagonal(g))
	losses := wide(s.Losses)
	losses = graph.Where(above(active, 0), losses, graph.ZerosLike(losses))
	largest := graph.ReduceAllMax(losses)
	losses = graph.Where(above(largest, 0), graph.Max(losses, graph.MulScalar(largest, 1e-12)), graph.OnesLike(losses))
	divisors := norms
	switch m.Normalization {
	case NormNormalization:
	case LossNormalization:
		divisors = losses
	case LossNormNormalization:
		divisors = graph.Mul(losses, norms)
	default:
		exceptions.Panicf("mtl: weighting.MGDA has the Normalization %d; wanted one of the constants", m.Normalization)
	}
	inverse := ratio(graph.OnesLike(divisors), divisors)
	// The solver needs proportions only: lengths up to 1e15 leave most room for short ones in float32.
	scaled := graph.MulScalar(ratio(inverse, graph.ReduceAllMax(graph.Mul(norms, inverse))), 1e15)
	dtype := s.Gramian().DType()
	if dtype.Bits() < dtypes.Float32.Bits() {
		dtype = dtypes.Float32
	}
	weights := shortest(s, graph.ConvertDType(graph.Mul(g, between(scaled, scaled)), dtype))
	return graph.Mul(graph.ConvertDType(weights, dtypes.Float64), inverse)
}

// shortest returns the weights of the shortest convex combination of the active tasks' gradients.
func shortest(s *mtl.Step, g *graph.Node) *graph.Node {
	found := solve.MinNorm(g, s.Active)
	return solved(s, found, found.Weights)
}
