package solve

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// gramian is a Gramian split into what is well scaled and what is not, in float64: G_ij = lengths_i·cosines_ij·lengths_j. Rows of tasks
// that are not active and rows of length 0 are those of the unit matrix in cosines and have length 0.
type gramian struct {
	cosines *graph.Node // [T, T]
	lengths *graph.Node // [T], ‖g_i‖
	active  *graph.Node // [T], boolean
	dtype   dtypes.DType
	ridge   float64
}

// split returns g in float64.
func split(g, active *graph.Node) gramian {
	if g.Rank() != 2 || g.Shape().Dim(0) != g.Shape().Dim(1) || !g.DType().IsFloat() {
		exceptions.Panicf("mtl: a Gramian is a square matrix of floats; got %s", g.Shape())
	}
	tasks := g.Shape().Dim(0)
	s := gramian{dtype: g.DType(), ridge: ridge(g.DType(), tasks)}
	s.active = isActive(g, active)
	g = float64s(g)
	g = graph.Mul(graph.Add(g, graph.Transpose(g, 0, 1)), number(g, 0.5))
	square := graph.Where(s.active, diagonal(g), number(g, 0))
	alive := graph.GreaterThan(square, number(g, smallest(s.dtype)))
	s.lengths = graph.Where(alive, graph.Sqrt(square), number(g, 0))
	inverse := graph.Where(alive, graph.Div(number(g, 1), s.lengths), number(g, 0))
	both := graph.LogicalAnd(column(alive), row(alive))
	off := graph.LogicalAnd(both, graph.LogicalNot(onDiagonal(g, tasks)))
	s.cosines = graph.Where(off, graph.Mul(graph.Mul(g, column(inverse)), row(inverse)), unit(g, tasks))
	return s
}

// vanished is the mean over the active tasks whose gradient is 0, [T], all 0 if there are none.
func (s gramian) vanished() *graph.Node {
	is := graph.LogicalAnd(s.active, graph.LessOrEqual(s.lengths, number(s.lengths, 0)))
	count := graph.ConvertDType(is, s.lengths.DType())
	return graph.Div(count, graph.Max(graph.ReduceSum(count), number(count, 1)))
}

// norm is √(wᵀGw).
func (s gramian) norm(w *graph.Node) *graph.Node {
	return graph.Reshape(s.length(row(graph.Mul(w, s.lengths))))
}

// length is √(yᵀĜy) for each row of y.
func (s gramian) length(y *graph.Node) *graph.Node {
	square := graph.ReduceSum(graph.Mul(graph.Dot(y, s.cosines).Product(), y), 1)
	return graph.Sqrt(graph.Max(square, number(square, 0)))
}

// ridge is what solvers add to the diagonal of the cosines so that a Gramian that rounding made indefinite does no harm; they take its
// effect out again by the proximal point method.
func ridge(dtype dtypes.DType, tasks int) float64 { return max(1e-9, 4*float64(tasks)*Epsilon(dtype)) }

// isActive is the boolean form of active, [T].
func isActive(g, active *graph.Node) *graph.Node {
	tasks := g.Shape().Dim(0)
	if active == nil {
		active = repeat(number(g, 1), tasks)
	}
	if active.Rank() != 1 || active.Shape().Dim(0) != tasks {
		exceptions.Panicf("mtl: which of %d tasks are active is said by [%d] values; got %s", tasks, tasks, active.Shape())
	}
	return graph.GreaterThan(float64s(active), number(g, 0))
}
