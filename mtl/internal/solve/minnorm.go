package solve

import "github.com/gomlx/gomlx/core/graph"

// MinNorm is the argmin over the simplex of wᵀGw (MGDA: Désidéri, 2012). A nil active means all tasks. Tasks whose gradient is 0 share all
// the weight if there are any.
//
// With unit rows, Ĝ, and a_i = min_j ‖g_j‖ / ‖g_i‖ it is w_i ∝ a_i·y_i for the y ≥ 0 that minimises ½yᵀ(Ĝ + aaᵀ)y - aᵀy.
func MinNorm(g, active *graph.Node) Result {
	s := split(g, active)
	a, m, q := s.hull()
	y, steps := s.nonNegative(m, q)
	w := s.normalise(y, a)
	vanished := s.vanished()
	w = graph.Where(graph.GreaterThan(graph.ReduceMax(vanished), number(w, 0)), vanished, w)
	return Result{
		Weights:    back(w, s.dtype),
		Norm:       back(s.norm(w), s.dtype),
		Iterations: steps,
		Residual:   violation(m, q, y),
	}
}

// hull is the problem of MinNorm: a, [T], M, [T, T], and q, [1, T], in which tasks without a gradient take no part.
func (s gramian) hull() (a, m, q *graph.Node) {
	alive := graph.GreaterThan(s.lengths, number(s.lengths, 0))
	least := graph.ReduceMin(graph.Where(alive, s.lengths, repeat(number(s.lengths, 1e300), s.lengths.Shape().Dim(0))))
	a = graph.Where(alive, graph.Div(least, s.lengths), zeros(s.lengths))
	m = graph.Add(s.cosines, graph.Mul(column(a), row(a)))
	return a, m, row(graph.Where(alive, graph.Neg(a), number(a, 1)))
}

// normalise returns w_i ∝ a_i·y_i, y [1, T].
func (s gramian) normalise(y, a *graph.Node) *graph.Node {
	w := graph.Mul(graph.Reshape(y, -1), a)
	return graph.Div(w, graph.Max(graph.ReduceSum(w), number(w, 1e-300)))
}
