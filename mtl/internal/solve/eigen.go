package solve

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// maxSweeps is more than Jacobi's method was ever seen to need.
const maxSweeps = 20

// Eigen returns the eigenvalues, [T], ascending, and the eigenvectors, the columns of [T, T], of a symmetric matrix. It is Jacobi's method
// with ⌊T/2⌋ rotations at a time, in the order of a round-robin tournament (Brent and Luk, 1985); errors are of the size of the
// largest eigenvalue's last digits.
func Eigen(g *graph.Node) (values, vectors *graph.Node) {
	n, dtype := g.Shape().Dim(0), g.DType()
	if g.Rank() != 2 || g.Shape().Dim(1) != n {
		exceptions.Panicf("mtl: only square matrices have eigenvalues; got %s", g.Shape())
	}
	g = float64s(g)
	g = graph.Mul(graph.Add(g, graph.Transpose(g, 0, 1)), number(g, 0.5))
	scale := graph.ReduceMax(graph.Abs(g))
	scale = graph.Where(graph.GreaterThan(scale, number(g, 0)), scale, number(g, 1))
	g = graph.Div(g, scale)
	enough := graph.Mul(graph.ReduceSum(graph.Mul(g, g)), number(g, 1e-31))
	// The rows of the second matrix become the eigenvectors.
	state := []*graph.Node{g, unit(g, n), enough, graph.Const(g.Graph(), tournament(n)), integer(g, 0)}
	state = While(state,
		func(s []*graph.Node) *graph.Node {
			off := graph.Where(onDiagonal(s[0], n), zeros(s[0]), s[0])
			more := graph.GreaterThan(graph.ReduceSum(graph.Mul(off, off)), s[2])
			return graph.LogicalAnd(more, graph.LessThan(s[4], integer(s[4], maxSweeps)))
		},
		func(s []*graph.Node) []*graph.Node {
			inner := While([]*graph.Node{s[0], s[1], s[3], integer(s[4], 0)},
				func(s []*graph.Node) *graph.Node {
					return graph.LessThan(s[3], integer(s[3], s[2].Shape().Dim(0)))
				},
				func(s []*graph.Node) []*graph.Node {
					a, u := rotate(s[0], s[1], graph.Reshape(graph.Gather(s[2], graph.Reshape(s[3], 1, 1)), n))
					return []*graph.Node{a, u, s[2], graph.Add(s[3], integer(s[3], 1))}
				})
			return []*graph.Node{inner[0], inner[1], s[2], s[3], graph.Add(s[4], integer(s[4], 1))}
		})
	values = diagonal(state[0])
	// A value's rank is the number of values that come before it.
	before := graph.LessThan(row(values), column(values))
	tied := graph.LogicalAnd(graph.Equal(row(values), column(values)), graph.LessThan(indices(g, 1, n, n), indices(g, 0, n, n)))
	rank := graph.ReduceSum(graph.ConvertDType(graph.LogicalOr(before, tied), dtypes.Int32), 1)
	order := graph.ConvertDType(graph.Equal(row(rank), indices(g, 0, n, n)), dtypes.Float64)
	values = graph.Mul(graph.Dot(order, values).Product(), scale)
	vectors = graph.Transpose(graph.Dot(order, state[1]).Product(), 0, 1)
	return back(values, dtype), back(vectors, dtype)
}

// rotate makes a_ij zero for all pairs (i, j) of partners.
func rotate(a, u, partner *graph.Node) (newA, newU *graph.Node) {
	n := a.Shape().Dim(0)
	isPartner := graph.Equal(indices(a, 1, n, n), column(partner))
	at := diagonal(a)
	to := column(partner)
	between := graph.ReduceSum(graph.Where(isPartner, a, zeros(a)), 1)
	// a_ij and a_ji differ in their last digits: two partners turning by different angles would not stay orthogonal.
	between = graph.Mul(graph.Add(between, graph.Gather(between, to)), number(a, 0.5))
	difference := graph.Sub(graph.Gather(at, to), at)
	first := graph.LessThan(indices(a, 0, n), partner)
	positive := graph.LogicalOr(graph.GreaterThan(difference, number(a, 0)), graph.LogicalAnd(graph.Equal(difference, number(a, 0)), first))
	// t = tan φ, the smaller root of t² + 2τt - 1 = 0, τ = difference / (2·between).
	twice := graph.Mul(between, number(a, 2))
	root := graph.Sqrt(graph.Add(graph.Mul(difference, difference), graph.Mul(twice, twice)))
	t := graph.Div(twice, graph.Max(graph.Add(graph.Abs(difference), root), number(a, 1e-300)))
	t = graph.Where(positive, t, graph.Neg(t))
	t = graph.Where(graph.Equal(indices(a, 0, n), partner), zeros(t), t)
	c := graph.Div(number(a, 1), graph.Sqrt(graph.Add(graph.Mul(t, t), number(a, 1))))
	s := graph.Mul(t, c)
	mix := func(x *graph.Node) *graph.Node {
		return graph.Sub(graph.Mul(column(c), x), graph.Mul(column(s), graph.Gather(x, to)))
	}
	return mix(graph.Transpose(mix(a), 0, 1)), mix(u)
}

// tournament is a table of who plays whom in each round of a tournament in which everybody meets everybody once, by the circle method;
// with an odd number one rests, and is its own partner.
func tournament(n int) [][]int32 {
	even := n + n%2
	table := make([][]int32, max(even-1, 1))
	for r := range table {
		table[r] = make([]int32, n)
		for i := range table[r] {
			table[r][i] = int32(i)
		}
		pair := func(i, j int) {
			if i < n && j < n {
				table[r][i], table[r][j] = int32(j), int32(i)
			}
		}
		pair(even-1, r)
		for k := 1; k < even/2; k++ {
			pair((r+k)%(even-1), (r-k+even-1)%(even-1))
		}
	}
	return table
}
