package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// TraceNorm is Σ ‖W‖_*, the sum over all variables of the sum of the singular values of W, [T, size], whose rows are the towers' weights: the form of
// Yang and Hospedales (2017) that flattens by the last axis. It draws the towers into a common subspace: they become combinations of fewer than T
// weights, not one point. It also shrinks the weights.
type TraceNorm struct{}

// Of the trace of WWᵀ, what is added to its diagonal: singular values below 1e-5·‖W‖ count as smooth, so that there is a gradient at 0.
const traceNormRidge = 1e-10

// Weights that are all 0, as biases at the start, have the gradient 0.
const leastTrace = 1e-30

// More steps than the smallest eigenvalue that the ridge leaves needs: it grows by 2.25 a step until Newton's quadratic convergence begins.
const newtonSchulzSteps = 36

// Penalty implements Tie. The gradient is (WWᵀ)^(-1/2)·W; value and gradient come from one inverse square root of all variables' matrices WWᵀ, [T, T]
// each, without a loop, by Newton's and Schulz's coupled iteration (Higham, "Functions of Matrices", 2008, chapter 6) in float64.
func (TraceNorm) Penalty(weights []*graph.Node) *graph.Node {
	g := weights[0].Graph()
	precise, gramians := make([]*graph.Node, len(weights)), make([]*graph.Node, len(weights))
	for k, w := range weights {
		precise[k] = graph.ConvertDType(graph.StopGradient(w), dtypes.Float64)
		gramians[k] = graph.Einsum("id,jd->ij", precise[k], precise[k])
	}
	a := graph.Stack(gramians, 0)
	unit := graph.InsertAxes(graph.ConvertDType(graph.Diagonal(g, a.Shape().Dim(1)), dtypes.Float64), 0)
	trace := graph.MaxScalar(graph.ReduceAndKeep(graph.Mul(a, unit), graph.ReduceSum, 1, 2), leastTrace)
	// Eigenvalues from the ridge to 1.
	y := graph.DivScalar(graph.Add(graph.Div(a, trace), graph.MulScalar(unit, traceNormRidge)), 1+traceNormRidge)
	z := graph.BroadcastToDims(unit, y.Shape().Dimensions...)
	for range newtonSchulzSteps {
		factor := graph.MulScalar(graph.Sub(graph.MulScalar(unit, 3), graph.Einsum("kij,kjl->kil", z, y)), 0.5)
		y, z = graph.Einsum("kij,kjl->kil", y, factor), graph.Einsum("kij,kjl->kil", factor, z)
	}
	scale := graph.Sqrt(graph.MulScalar(trace, 1+traceNormRidge))
	value := graph.ReduceAllSum(graph.Mul(graph.Mul(y, unit), scale))
	inverse := graph.Div(z, scale)
	var linear *graph.Node // its gradient is the norm's
	for k, w := range weights {
		root := graph.Squeeze(graph.SliceAxis(inverse, 0, graph.AxisElem(k)), 0)
		gradient := graph.ConvertDType(graph.Dot(root, precise[k]).Product(), w.DType())
		term := graph.ReduceAllSum(graph.Mul(gradient, w))
		if linear != nil {
			term = graph.Add(linear, term)
		}
		linear = term
	}
	difference := graph.Sub(graph.ConvertDType(value, linear.DType()), linear)
	return graph.Add(linear, graph.StopGradient(difference))
}
