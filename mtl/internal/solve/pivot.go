package solve

import "github.com/gomlx/gomlx/core/graph"

// cone holds, for each of R vectors q, the state of the search for the y ≥ 0 that minimises ½yᵀMy + qᵀy, with one M for all, symmetric and
// positive definite. It is the active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23) on the principal
// pivot transform of M (Cottle, Pang and Stone, The Linear Complementarity Problem, 1992, section 2.3): a step lets one variable in or out of
// the support, and costs one update of rank 1.
type cone struct {
	m       *graph.Node // [T, T]
	pivoted *graph.Node // [R, T, T]: M with the roles of y and My + q exchanged for the variables of the support
	sign    *graph.Node // [R, T]: -1 for the variables of the support, which may be above 0, 1 for the others
	y       *graph.Node // [R, T]
	steps   *graph.Node // Int32 scalar, of all searches so far
	least   float64     // pivots are at least that, even if rounding errors make M indefinite
}

// newCone starts at y = 0.
func newCone(m *graph.Node, r int, least float64) cone {
	n := m.Shape().Dim(0)
	return cone{
		m:       m,
		pivoted: repeat(graph.InsertAxes(m, 0), r, n, n),
		sign:    repeat(number(m, 1), r, n),
		y:       repeat(number(m, 0), r, n),
		steps:   integer(m, 0),
		least:   least,
	}
}

func (c cone) state() []*graph.Node { return []*graph.Node{c.m, c.pivoted, c.sign, c.y, c.steps} }

// with is c in the state s.
func (c cone) with(s []*graph.Node) cone {
	c.m, c.pivoted, c.sign, c.y, c.steps = s[0], s[1], s[2], s[3], s[4]
	return c
}

// done is the key of a variable that stays where it is.
const done = 4

// minimise moves y from where it is to the minimum for q, [R, T].
func (c cone) minimise(q *graph.Node) cone {
	// target is, on the support, the minimum over the support's variables, and elsewhere the gradient there.
	gradient := graph.Add(q, graph.Dot(c.y, c.m).Product())
	support := graph.LessThan(c.sign, number(q, 0))
	moved := graph.InsertAxes(graph.Where(support, gradient, zeros(gradient)), 1)
	moved = graph.ReduceSum(graph.Mul(c.pivoted, moved), 2)
	target := graph.Sub(graph.Where(support, c.y, gradient), moved)
	force := graph.InsertAxes(graph.ReduceMax(graph.Max(graph.Neg(q), number(q, 1e-300)), 1), -1)
	limit := graph.Add(c.steps, integer(q, 10*q.Shape().Dim(1)+20))
	state := append(c.state(), target, force, limit, graph.Const(q.Graph(), true))
	state = While(state,
		func(s []*graph.Node) *graph.Node { return graph.LogicalAnd(s[8], graph.LessThan(s[4], s[7])) },
		func(s []*graph.Node) []*graph.Node {
			c, target, more := c.with(s).step(s[5], s[6])
			return append(c.state(), target, s[6], s[7], more)
		})
	return c.with(state)
}

// step lets a variable out that is in the way of the target, or, at the target, the one in whose gradient is the most negative.
func (c cone) step(target, force *graph.Node) (next cone, newTarget, more *graph.Node) {
	r, n := target.Shape().Dim(0), target.Shape().Dim(1)
	zero := zeros(target)
	support := graph.LessThan(c.sign, number(target, 0))
	// Keys: how far to go until the variable is 0 (0 to 1), how steep it is (1 to 2), or done.
	blocks := graph.LogicalAnd(support, graph.LessThan(target, number(target, 0)))
	descends := graph.LogicalAnd(graph.LogicalNot(support), graph.LessThan(target, graph.Mul(force, number(force, -1e-14))))
	key := graph.Where(descends, graph.Add(number(force, 1), graph.Div(force, graph.Sub(force, target))), number(target, done))
	key = graph.Where(blocks, graph.Div(c.y, graph.Sub(c.y, target)), key)
	best := graph.ReduceMin(key, 1)
	moves := graph.LessThan(best, number(best, done-1))
	index := graph.ArgMin(key, 1)
	// A row of the batch that is done has the index -1, which no position equals.
	chosen := graph.InsertAxes(graph.Where(moves, index, integer(index, -1)), -1)
	isChosen := graph.Equal(chosen, indices(target, 1, r, n))

	way := graph.InsertAxes(graph.Min(best, number(best, 1)), -1)
	y := graph.Add(c.y, graph.Mul(way, graph.Sub(target, c.y)))
	y = graph.Where(graph.LogicalAnd(support, graph.LogicalNot(isChosen)), y, zero)

	// The row of the pivot; its column is the same but for the sign where one of the two is in the support and the other is not.
	at := graph.Add(index, graph.Mul(indices(index, 0, r), integer(index, n)))
	pivotRow := graph.Gather(graph.Reshape(c.pivoted, r*n, n), graph.InsertAxes(at, -1))
	pivot := graph.Max(pick(pivotRow, isChosen), number(target, c.least))
	inverse := graph.Where(moves, graph.Div(number(pivot, 1), pivot), number(pivot, 0))
	inverse = graph.InsertAxes(inverse, -1)
	pivotColumn := graph.Mul(graph.Mul(pivotRow, c.sign), graph.InsertAxes(pick(c.sign, isChosen), -1))

	scaled := graph.Mul(pivotRow, inverse)
	newRow := graph.Where(isChosen, repeat(inverse, r, n), graph.Neg(scaled))
	newColumn := graph.Mul(pivotColumn, inverse)
	rowAt, columnAt := repeat(graph.InsertAxes(isChosen, -1), r, n, n), repeat(graph.InsertAxes(isChosen, 1), r, n, n)
	pivoted := graph.Sub(c.pivoted, graph.Mul(graph.InsertAxes(pivotColumn, -1), graph.InsertAxes(scaled, 1)))
	pivoted = graph.Where(columnAt, repeat(graph.InsertAxes(newColumn, -1), r, n, n), pivoted)
	pivoted = graph.Where(rowAt, repeat(graph.InsertAxes(newRow, 1), r, n, n), pivoted)

	reduced := graph.Mul(graph.InsertAxes(pick(target, isChosen), -1), inverse)
	newTarget = graph.Where(isChosen, repeat(graph.Neg(reduced), r, n), graph.Sub(target, graph.Mul(pivotColumn, reduced)))
	next = c.with([]*graph.Node{c.m, pivoted, graph.Where(isChosen, graph.Neg(c.sign), c.sign), y, graph.Add(c.steps, integer(index, 1))})
	more = graph.LessThan(graph.ReduceMin(best), number(best, done-1))
	return next, newTarget, more
}

// response is what y would be for q = direction if its support stayed, [R, T].
func (c cone) response(direction *graph.Node) *graph.Node {
	support := graph.LessThan(c.sign, number(direction, 0))
	zero := zeros(direction)
	moved := graph.ReduceSum(graph.Mul(c.pivoted, graph.InsertAxes(graph.Where(support, direction, zero), 1)), 2)
	return graph.Where(support, graph.Neg(moved), zero)
}

// pick is the value at the chosen position of each row, 0 where there is none.
func pick(x, isChosen *graph.Node) *graph.Node {
	return graph.ReduceSum(graph.Where(isChosen, x, zeros(x)), 1)
}
