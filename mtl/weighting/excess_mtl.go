package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// ExcessMTL weighs tasks by their excess risks, how far each is from what it can reach, and so is not led by label noise. The excess risk
// comes from a Taylor expansion with the diagonal Hessian estimate of AdaGrad:
//
//	e_t = Σ g_t² / √(A_t + 1e-7),  A_t ← A_t + g_t² (elementwise),  w_t ← w_t·exp(η·e_t/e_t⁰), scaled to Σw = T
//
// (He, Zhou, Zhang, Chen and Zhao, "Robust Multi-Task Learning with Excess Risks", ICML 2024, algorithm 1; e⁰ and 1e-7 as in the authors'
// code). e_t⁰ is the task's first e_t above 0; in that step w_t is left as it is. The weights are 1 at first. A is a matrix as large as the
// Jacobian, [T, d]. The state of a task that is not active stays, and the others' weights are scaled to their number for that step.
//
// TorchJD scales to Σw = 1 with η = 1; its other default is LibMTL's, here too.
type ExcessMTL struct {
	// Rate is η. 0 means 0.01.
	Rate float64
}

// Weights implements mtl.Weighting.
func (m ExcessMTL) Weights(s *mtl.Step) *graph.Node {
	remembers(s, "ExcessMTL")
	scope := s.Scope.At("excess_mtl")
	rate := number(s, "excess_mtl/rate", "ExcessMTL.Rate", m.Rate, 0.01, maximum)
	matrix := matrixOf(s.SharedGradients())
	active := isActive(s)

	sumVar := stateOf(s, scope, "sum_of_squares", matrix.Shape(), 0)
	squares := graph.Square(matrix)
	sums := graph.Add(sumVar.NodeValue(s.Graph()), squares)
	sumVar.SetNodeValue(sums)
	excess := wide(graph.ReduceSum(graph.Div(squares, graph.Sqrt(graph.AddScalar(sums, 1e-7))), 1))

	firstVar := stateOf(s, scope, "first_excess", s.Losses.Shape(), 0)
	first := wide(firstVar.NodeValue(s.Graph()))
	known := graph.GreaterThan(first, graph.ZerosLike(first))
	relative := only(known, graph.Div(excess, graph.Where(known, first, graph.OnesLike(first))))
	firstVar.SetNodeValue(graph.ConvertDType(graph.Where(known, first, excess), firstVar.DType()))

	// Logarithms of the weights cannot overflow. Active tasks keep their part of all weights, e^share.
	logVar := stateOf(s, scope, "log_weights", s.Losses.Shape(), 0)
	old := wide(logVar.NodeValue(s.Graph()))
	logits := graph.Add(old, graph.Mul(rate, relative))
	level := graph.Sub(logSum(active, logits), logSum(active, old))
	logVar.SetNodeValue(graph.ConvertDType(graph.Where(active, graph.Sub(logits, level), old), logVar.DType()))
	return graph.Mul(softmaxOver(active, logits), count(active))
}

// logSum is log Σ exp(x) over active tasks; without any, something finite.
func logSum(active, x *graph.Node) *graph.Node {
	top := graph.ReduceAllMax(graph.Where(active, x, graph.Const(x.Graph(), -1e300)))
	sum := graph.ReduceAllSum(only(active, graph.Exp(graph.Sub(x, top))))
	return graph.Add(top, graph.Log(graph.MaxScalar(sum, 1e-300)))
}
