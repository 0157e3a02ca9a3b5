package solve

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// DualCone is, for each row u of [R, T], the argmin of vᵀGv over v ≥ u, [R, T]: with Jᵀv = g, the g nearest to Jᵀu with J·g ≥ 0.
func DualCone(g, active, u *graph.Node) Result {
	s := split(g, active)
	if u.Rank() != 2 || u.Shape().Dim(1) != g.Shape().Dim(0) {
		exceptions.Panicf("mtl: the lower bounds of a dual cone are [rows, %d]; got %s", g.Shape().Dim(0), u.Shape())
	}
	rows, tasks := u.Shape().Dim(0), u.Shape().Dim(1)
	// With y = lengths·(v - u) the rows of J are unit vectors, whatever their lengths.
	u = float64s(u)
	u = graph.Where(repeat(row(s.active), rows, tasks), u, zeros(u))
	lengths := row(s.lengths)
	q := graph.Dot(graph.Mul(u, lengths), s.cosines).Product()
	y, steps := s.nonNegative(s.cosines, q)
	alive := repeat(graph.GreaterThan(lengths, number(lengths, 0)), rows, tasks)
	v := graph.Add(u, graph.Where(alive, graph.Div(y, lengths), zeros(y)))
	return Result{
		Weights:    back(v, s.dtype),
		Norm:       back(s.norm(graph.Add(graph.Mul(u, lengths), y)), s.dtype),
		Iterations: steps,
		Residual:   violation(s.cosines, q, y),
	}
}

// proximalRounds is how often solvers take the effect of the ridge out: its third power is left.
const proximalRounds = 3

// nonNegative is the argmin of ½yᵀMy + qᵀy over y ≥ 0 for each row of q, by the proximal point method: the ridge pulls towards the last
// solution, so that three rounds leave its third power.
func (s gramian) nonNegative(m, q *graph.Node) (y, steps *graph.Node) {
	n := m.Shape().Dim(0)
	c := newCone(graph.Add(m, graph.Mul(unit(m, n), number(m, s.ridge))), q.Shape().Dim(0))
	state := append(c.state(), q, integer(q, 0))
	state = While(state,
		func(x []*graph.Node) *graph.Node {
			return graph.LessThan(x[6], integer(x[6], proximalRounds))
		},
		func(x []*graph.Node) []*graph.Node {
			c := coneOf(x)
			c = c.minimise(graph.Sub(x[5], graph.Mul(c.y, number(c.y, s.ridge))))
			return append(c.state(), x[5], graph.Add(x[6], integer(x[6], 1)))
		})
	c = coneOf(state)
	return graph.Max(c.y, number(c.y, 0)), c.steps
}

// norm is √(yᵀ·cosines·y) for each row of y.
func (s gramian) norm(y *graph.Node) *graph.Node {
	square := graph.ReduceSum(graph.Mul(graph.Dot(y, s.cosines).Product(), y), 1)
	return graph.Sqrt(graph.Max(square, number(square, 0)))
}

// violation is the largest violation of y ≥ 0, My + q ≥ 0 and yᵀ(My + q) = 0 over all rows, relative to the most negative q.
func violation(m, q, y *graph.Node) *graph.Node {
	gradient := graph.Add(graph.Dot(y, m).Product(), q)
	// The smaller of y and the gradient is 0 at the solution.
	gap := graph.ReduceMax(graph.Abs(graph.Min(gradient, y)), 1)
	scale := graph.Max(graph.ReduceMax(graph.Neg(q), 1), number(q, 1e-300))
	return graph.StopGradient(graph.ReduceMax(graph.Div(gap, scale)))
}
