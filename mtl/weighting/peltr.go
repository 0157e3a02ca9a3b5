package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// PELTR takes the shortest combination of the task gradients in which each task has at least a given weight:
//
//	min ‖Σ_t w_t·g_t‖²  over  w_t ≥ c_t, Σ_t w_t = 1
//
// (Lin et al., "A Pareto-Efficient Algorithm for Multiple Objective Optimization in E-Commerce Recommendation", RecSys 2019). With c = 0 it is MGDA with
// weighted heads: the paper has one weighted sum of losses for all parameters. Σw = 1.
//
// The optimum is exact: with w = c + (1−Σc)·v it is the shortest convex combination, by v, of the vectors Σ_i c_i·g_i + (1−Σc)·g_t. The paper, and
// codes after it, solve without the bounds and then project the solution on them in weight space, which is another point unless no bound matters. The bounds of tasks that
// are not active count for nothing.
type PELTR struct {
	// Minimum is c, with a sum of at most 1. nil means 0.
	Minimum []float64
}

// Weights implements mtl.Weighting.
func (m PELTR) Weights(s *mtl.Step) *graph.Node {
	minimum := m.Minimum
	if minimum == nil {
		minimum = make([]float64, s.Tasks())
	}
	sum := 0.0
	for _, c := range minimum {
		if c < 0 {
			sum = 2
		}
		sum += c
	}
	if len(minimum) != s.Tasks() || !(sum <= 1+1e-9) {
		exceptions.Panicf("mtl: weighting.PELTR has the Minimum %v for the tasks %q; wanted a number for each, 0 or more, with a sum of at most 1", m.Minimum, s.Names)
	}
	g, active := gramian(s)
	c := graph.Mul(active, wide(s.Parameters("peltr/minimum", minimum)))
	rest := graph.MaxScalar(graph.OneMinus(graph.ReduceAllSum(c)), 0)

	// The Gramian of the shifted vectors.
	toShift := graph.Mul(rest, times(g, c))
	shifted := graph.Add(graph.Mul(g, graph.Square(rest)), graph.Add(column(toShift), row(toShift)))
	shifted = graph.Add(shifted, quadratic(g, c))
	result := solve.MinNorm(graph.ConvertDType(shifted, s.Gramian().DType()), s.Active)
	return solved(s, result, graph.Add(c, graph.Mul(rest, wide(result.Weights))))
}
