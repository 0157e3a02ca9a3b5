package solve

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Solve returns the x with a·x = b, [T, T] x [T, R] or [T], by Gauss-Jordan elimination with row pivots on the matrix scaled to rows and
// columns of largest entry 1. Where a column has no pivot above the rounding error of a's dtype, its part of x is 0: for a singular a and
// a b in its range that is one of the solutions.
func Solve(a, b *graph.Node) *graph.Node {
	n := a.Shape().Dim(0)
	if a.Rank() != 2 || a.Shape().Dim(1) != n || b.Rank() < 1 || b.Rank() > 2 || b.Shape().Dim(0) != n {
		exceptions.Panicf("mtl: a system of equations is a [T, T] matrix and [T] or [T, R] right-hand sides; got %s and %s", a.Shape(), b.Shape())
	}
	dtype, dims := a.DType(), b.Shape().Dimensions
	a, b = float64s(a), graph.Reshape(float64s(b), n, -1)
	inverse := func(x *graph.Node, axis int) *graph.Node {
		largest := graph.ReduceMax(graph.Abs(x), axis)
		return graph.Where(graph.GreaterThan(largest, number(x, 0)), graph.Div(number(x, 1), largest), zeros(largest))
	}
	rows := column(inverse(a, 1))
	a = graph.Mul(a, rows)
	columns := row(inverse(a, 0))
	a = graph.Mul(a, columns)
	state := []*graph.Node{
		graph.Concatenate([]*graph.Node{a, graph.Mul(b, rows)}, 1),
		repeat(integer(a, -1), n), // the column that a row is the pivot row of
		integer(a, 0),
		columns,
	}
	state = While(state,
		func(s []*graph.Node) *graph.Node { return graph.LessThan(s[2], integer(s[2], n)) },
		func(s []*graph.Node) []*graph.Node {
			m, pivotOf, k := eliminate(s[0], s[1], s[2], float64(4*n)*Epsilon(dtype))
			return []*graph.Node{m, pivotOf, k, s[3]}
		})
	// Row i of the permutation picks the pivot row of column i.
	permutation := graph.ConvertDType(graph.Equal(row(state[1]), indices(a, 0, n, n)), dtypes.Float64)
	x := graph.Dot(permutation, graph.Slice(state[0], graph.AxisRange(), graph.AxisRange(n))).Product()
	return back(graph.Reshape(graph.Mul(x, graph.Reshape(columns, n, 1)), dims...), dtype)
}

// eliminate makes column k of m a unit vector.
func eliminate(m, pivotOf, k *graph.Node, least float64) (newM, newPivotOf, next *graph.Node) {
	n, width := m.Shape().Dim(0), m.Shape().Dim(1)
	entries := graph.ReduceSum(graph.Where(graph.Equal(indices(m, 1, n, width), k), m, zeros(m)), 1)
	free := graph.LessThan(pivotOf, integer(m, 0))
	sizes := graph.Where(free, graph.Abs(entries), number(m, -1))
	isPivot := graph.Equal(indices(m, 0, n), graph.ArgMax(sizes, 0))
	found := graph.GreaterThan(graph.ReduceMax(sizes), number(m, least))
	isPivot = graph.LogicalAnd(isPivot, found)
	pivot := graph.ReduceSum(graph.Where(isPivot, entries, zeros(entries)))
	pivotRow := graph.ReduceSum(graph.Where(repeat(column(isPivot), n, width), m, zeros(m)), 0)
	scale := graph.Where(found, graph.Div(number(m, 1), pivot), number(m, 0))
	pivotRow = row(graph.Mul(pivotRow, scale))
	newM = graph.Sub(m, graph.Mul(column(entries), pivotRow))
	newM = graph.Where(repeat(column(isPivot), n, width), repeat(pivotRow, n, width), newM)
	return newM, graph.Where(isPivot, repeat(k, n), pivotOf), graph.Add(k, integer(k, 1))
}

// solvePositive returns the x with m·x = b, [T], for a positive definite m with a diagonal of 1: T principal pivots make m its inverse, and
// what rounding errors left of b is solved for twice more. Pivots below least, which rounding errors make, count as that.
func solvePositive(m, b *graph.Node, least float64) *graph.Node {
	n := m.Shape().Dim(0)
	inverse := While([]*graph.Node{m, integer(m, 0)},
		func(s []*graph.Node) *graph.Node { return graph.LessThan(s[1], integer(s[1], n)) },
		func(s []*graph.Node) []*graph.Node {
			m, k := s[0], s[1]
			pivotRow := graph.Gather(m, graph.Reshape(k, 1, 1)) // [1, T]
			at := indices(m, 1, 1, n)
			here := graph.ConvertDType(graph.Equal(at, k), dtypes.Float64)
			pivot := graph.Max(graph.ReduceSum(graph.Mul(pivotRow, here)), number(m, least))
			// The column of the pivot is its row, but for the sign of what was a pivot before. With 1 more at the pivot in the column and 1 less in
			// the row, the update of rank 1 is right for them too; no digits are lost, since pivots are at most 1.
			entries := graph.Add(graph.Where(graph.LessThan(at, k), graph.Neg(pivotRow), pivotRow), here)
			scaled := graph.Div(graph.Sub(pivotRow, here), pivot)
			return []*graph.Node{graph.Sub(m, graph.Mul(graph.Reshape(entries, n, 1), scaled)), graph.Add(k, integer(k, 1))}
		})[0]
	x := graph.Dot(inverse, b).Product()
	for range 2 {
		x = graph.Add(x, graph.Dot(inverse, graph.Sub(b, graph.Dot(m, x).Product())).Product())
	}
	return x
}
