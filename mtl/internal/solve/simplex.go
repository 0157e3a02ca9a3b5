package solve

import "github.com/gomlx/gomlx/core/graph"

// ProjectSimplex is the w ≥ 0 with Σ w = 1 that is nearest to v, [T]: w_i = max(v_i - τ, 0) with τ = max_k (Σ_{j ≤ k} v_(j) - 1)/k over the
// sorted v_(1) ≥ v_(2) ≥ ... (Held, Wolfe and Crowder, 1974). Tasks that are not active get 0; if none is, all do.
func ProjectSimplex(v, active *graph.Node) *graph.Node {
	dtype, n := v.DType(), v.Shape().Dim(0)
	is := isActive(v, active)
	v = float64s(v)
	v = graph.Where(is, v, repeat(number(v, -1e300), n))
	v = graph.Sub(v, graph.ReduceMax(v)) // only differences matter
	// For each entry, the sum and the number of those at least as large: equal entries share theirs, which is that of the last of them.
	// Tasks that are not active are among no active one's.
	among := graph.GreaterOrEqual(row(v), column(v))
	values := repeat(row(v), n, n)
	sum := graph.ReduceSum(graph.Where(among, values, zeros(values)), 1)
	count := graph.ReduceSum(graph.Where(among, repeat(number(v, 1), n, n), zeros(values)), 1)
	threshold := graph.Div(graph.Sub(sum, number(v, 1)), graph.Max(count, number(v, 1)))
	threshold = graph.ReduceMax(graph.Where(is, threshold, repeat(number(v, -1e300), n)))
	return back(graph.Where(is, graph.Max(graph.Sub(v, threshold), number(v, 0)), zeros(v)), dtype)
}
