package solve

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// DualCone is, for each row u of [R, T], the argmin of vᵀGv over v ≥ u, [R, T]: Jᵀv is the vector nearest to Jᵀu whose inner product with
// no gradient is negative (the dual problem of GEM, Lopez-Paz and Ranzato, 2017; Quinton and Rey, 2024, proposition 1).
func DualCone(g, active, u *graph.Node) Result {
	s := split(g, active)
	tasks := g.Shape().Dim(0)
	if u.Rank() != 2 || u.Shape().Dim(1) != tasks {
		exceptions.Panicf("mtl: the lower bounds of a dual cone are [rows, %d]; got %s", tasks, u.Shape())
	}
	rows := u.Shape().Dim(0)
	u = float64s(u)
	u = graph.Where(repeat(row(s.active), rows, tasks), u, zeros(u))
	// With y = ‖g‖·(v - u) the rows of J are unit vectors, whatever their lengths.
	lengths := row(s.lengths)
	scaled := graph.Mul(u, lengths)
	q := graph.Dot(scaled, s.cosines).Product()
	y, steps := s.nonNegative(s.cosines, q)
	alive := repeat(graph.GreaterThan(lengths, number(lengths, 0)), rows, tasks)
	return Result{
		Weights:    back(graph.Add(u, graph.Where(alive, graph.Div(y, lengths), zeros(y))), s.dtype),
		Norm:       back(s.length(graph.Add(scaled, y)), s.dtype),
		Iterations: steps,
		Residual:   violation(s.cosines, q, y),
	}
}

// violation is the largest violation of y ≥ 0, My + q ≥ 0 and yᵀ(My + q) = 0 over all rows, relative to the most negative q.
func violation(m, q, y *graph.Node) *graph.Node {
	gradient := graph.Add(graph.Dot(y, m).Product(), q)
	// The smaller of y and the gradient is 0 at the solution.
	gap := graph.ReduceMax(graph.Abs(graph.Min(gradient, y)), 1)
	scale := graph.Max(graph.ReduceMax(graph.Neg(q), 1), number(q, 1e-300))
	return graph.StopGradient(graph.ReduceMax(graph.Div(gap, scale)))
}
