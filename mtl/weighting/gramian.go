package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// gramian returns the step's Gramian [T, T] and 1 for each active task [T], in float64: arithmetic on T×T numbers costs nothing beside
// the gradients.
func gramian(s *mtl.Step) (g, active *graph.Node) {
	g = wide(s.Gramian()) // before Active, which it completes
	return g, graph.ConvertDType(s.Active, dtypes.Float64)
}

// precision is the rounding error of the step's Gramian, relative to its largest entry.
func precision(s *mtl.Step) float64 {
	return solve.Epsilon(s.Gramian().DType()) * float64(s.Tasks())
}

// diagonal returns the diagonal of [T, T] as [T].
func diagonal(m *graph.Node) *graph.Node {
	eye := graph.Diagonal(m.Graph(), m.Shape().Dimensions[0])
	return graph.ReduceSum(graph.Where(eye, m, graph.ZerosLike(m)), -1)
}

// column returns [T] as [T, 1], row as [1, T]; between is their product [T, T].
func column(v *graph.Node) *graph.Node     { return graph.InsertAxes(v, -1) }
func row(v *graph.Node) *graph.Node        { return graph.InsertAxes(v, 0) }
func between(a, b *graph.Node) *graph.Node { return graph.Mul(column(a), row(b)) }

// times is the matrix m [T, T] times v [T].
func times(m, v *graph.Node) *graph.Node { return graph.ReduceSum(graph.Mul(m, row(v)), -1) }

// quadratic is vᵀmv, 0 or more.
func quadratic(m, v *graph.Node) *graph.Node {
	return graph.MaxScalar(graph.ReduceAllSum(graph.Mul(v, times(m, v))), 0)
}

// ratio is a/b where b, shaped as a or a scalar, is above 0, else 0.
func ratio(a, b *graph.Node) *graph.Node {
	b = graph.BroadcastToShape(b, a.Shape())
	above := graph.GreaterThan(b, graph.ZerosLike(b))
	return graph.Where(above, graph.Div(a, graph.Where(above, b, graph.OnesLike(b))), graph.ZerosLike(b))
}

// cancels tells whether the combination of the gradients with weights, whose squared length is given, is 0 but for the rounding of the Gramian g.
func cancels(s *mtl.Step, g, weights, square *graph.Node) *graph.Node {
	size := graph.ReduceAllSum(graph.Mul(graph.Abs(weights), graph.Sqrt(diagonal(g))))
	return graph.LessOrEqual(square, graph.MulScalar(graph.Square(size), precision(s)/float64(s.Tasks())))
}

// above is a > b with b a constant.
func above(a *graph.Node, b float64) *graph.Node {
	return graph.GreaterThan(a, graph.Const(a.Graph(), b))
}

// positions returns where each entry would stand if the last axis were sorted in ascending order; equal entries keep their order.
func positions(x *graph.Node) *graph.Node {
	n := x.Shape().Dimensions[x.Rank()-1]
	mine, other := graph.InsertAxes(x, -1), graph.InsertAxes(x, -2)
	pairs := shapes.Make(dtypes.Int32, n, n)
	earlier := graph.LessThan(graph.Iota(x.Graph(), pairs, 1), graph.Iota(x.Graph(), pairs, 0))
	one := func(condition *graph.Node) *graph.Node { return graph.ConvertDType(condition, dtypes.Float64) }
	before := one(graph.LessThan(other, mine))
	tied := graph.Mul(one(graph.Equal(other, mine)), graph.ExpandLeftToRank(one(earlier), before.Rank()))
	return graph.ReduceSum(graph.Add(before, tied), -1)
}

// solved reports how a solver fared and returns the weights.
func solved(s *mtl.Step, result solve.Result, weights *graph.Node) *graph.Node {
	s.Report("iterations", result.Iterations)
	s.Report("residual", result.Residual)
	return weights
}
