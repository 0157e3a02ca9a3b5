package solve

import "github.com/gomlx/gomlx/core/graph"

// MinNorm is the argmin over the simplex of wᵀGw (MGDA: Désidéri, 2012). A nil active means all tasks.
//
// With unit rows, Ĝ, and a_i = min_j ‖g_j‖ / ‖g_i‖ it is the y ≥ 0 that minimises ½yᵀ(Ĝ + aaᵀ)y - aᵀy, normalised: w_i ∝ a_i·y_i.
func MinNorm(g, active *graph.Node) Result {
	s := split(g, active)
	a, _ := s.weights()
	m := graph.Add(s.cosines, graph.Mul(column(a), row(a)))
	q := row(graph.Where(s.active, graph.Neg(a), number(a, 1)))
	y, steps := s.nonNegative(m, q)
	w, norm := s.simplex(y, a)
	return Result{
		Weights:    back(w, s.dtype),
		Norm:       back(norm, s.dtype),
		Iterations: steps,
		Residual:   violation(m, q, y),
	}
}

// weights are a_i = min_j ‖g_j‖ / ‖g_i‖ over the active tasks, 0 for the others, and that minimum. A gradient of 0 counts as a tiny one at right angles to all
// others, which makes the solution the mean over the gradients of 0.
func (s gramian) weights() (a, least *graph.Node) {
	huge := graph.Where(graph.GreaterThan(s.lengths, number(s.lengths, 0)), s.lengths, number(s.lengths, 1e300))
	least = graph.ReduceMin(huge)
	lengths := graph.Where(graph.GreaterThan(s.lengths, number(huge, 0)), s.lengths, graph.Mul(least, number(least, tiny)))
	lengths = graph.Where(s.active, lengths, number(huge, 1e300))
	least = graph.ReduceMin(lengths)
	return graph.Where(s.active, graph.Div(least, lengths), number(huge, 0)), least
}

// tiny is the length of a gradient of 0, relative to the shortest of the others.
const tiny = 1e-12

// simplex returns w_i ∝ a_i·y_i and √(wᵀGw), y [1, T].
func (s gramian) simplex(y, a *graph.Node) (w, norm *graph.Node) {
	w = graph.Mul(graph.Reshape(y, -1), a)
	sum := graph.Max(graph.ReduceSum(w), number(w, 1e-300))
	w = graph.Div(w, sum)
	scaled := row(graph.Mul(w, s.lengths))
	return w, graph.Reshape(s.norm(scaled))
}
