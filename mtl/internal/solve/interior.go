package solve

import "github.com/gomlx/gomlx/core/graph"

// QuadraticOnSimplex is the argmin of ½xᵀAx + bᵀx over the simplex, A positive semidefinite, from a guess on the simplex, all [T] or [T, T], by a primal-dual
// interior-point method that starts halfway between guess and centre (Nocedal and Wright, Numerical Optimization, 2nd edition, section 16.6, with the
// plain centring of 0.1). Its steps hardly depend on how well A is conditioned. Tasks that are not active get 0.
func QuadraticOnSimplex(a, b, guess, active *graph.Node) *graph.Node {
	dtype, n := b.DType(), a.Shape().Dim(0)
	is := isActive(a, active)
	a, b, guess = float64s(a), float64s(b), float64s(guess)
	one := graph.Where(is, repeat(number(a, 1), n), repeat(number(a, 0), n))
	eye := unit(a, n)
	// Tasks that are not active get a problem of their own, ½x², with the solution 0.
	both := graph.LogicalAnd(row(is), column(is))
	a, b = graph.Where(both, a, zeros(a)), graph.Where(is, b, zeros(b))
	scale := graph.Max(graph.Max(graph.ReduceMax(graph.Abs(b)), graph.ReduceMax(graph.Abs(a))), number(a, 1e-300))
	a, b = graph.Where(both, graph.Div(a, scale), eye), graph.Div(b, scale)
	centre := graph.Div(number(a, 1), graph.Max(graph.ReduceSum(one), number(a, 1)))
	x := graph.Where(is, graph.Mul(graph.Add(guess, centre), number(a, 0.5)), repeat(number(a, 1), n))
	state := []*graph.Node{integer(a, 0), x, repeat(number(a, 1), n), number(a, 0), a, b, one, eye}
	last := While(state, interiorGoesOn, interiorStep)
	return back(graph.Where(is, last[1], zeros(last[1])), dtype)
}

// gap is xᵀs/T.
func gap(x, s *graph.Node) *graph.Node {
	return graph.Div(graph.ReduceSum(graph.Mul(x, s)), number(x, float64(x.Shape().Size())))
}

func interiorGoesOn(v []*graph.Node) *graph.Node {
	return graph.LogicalAnd(graph.LessThan(v[0], integer(v[0], 60)), graph.GreaterThan(gap(v[1], v[2]), number(v[1], 1e-15)))
}

// interiorStep is a Newton step for Ax + b = e·y + s, eᵀx = 1, x ⊙ s = 0.1·gap.
func interiorStep(v []*graph.Node) []*graph.Node {
	x, s, y, a, b, one, eye := v[1], v[2], v[3], v[4], v[5], v[6], v[7]
	n := x.Shape().Size()
	target := graph.Mul(number(x, 0.1), gap(x, s))
	slack := graph.Sub(graph.Sub(graph.Add(graph.Dot(a, x).Product(), b), graph.Mul(one, y)), s)
	matrix := graph.Add(a, graph.Mul(eye, row(graph.Div(s, x))))
	right := graph.Sub(graph.Sub(graph.Div(target, x), s), slack)
	solved := Solve(matrix, graph.Stack([]*graph.Node{right, one}, 1))
	part := func(k int) *graph.Node { return graph.Reshape(graph.SliceAxis(solved, 1, graph.AxisElem(k)), n) }
	u, w := part(0), part(1)
	missing := graph.Sub(number(x, 1), graph.ReduceSum(graph.Mul(one, graph.Add(x, u))))
	dy := graph.Div(missing, graph.ReduceSum(graph.Mul(one, w)))
	dx := graph.Add(u, graph.Mul(w, dy))
	ds := graph.Sub(graph.Div(graph.Sub(target, graph.Mul(s, dx)), x), s)
	way := graph.Min(room(x, dx), room(s, ds))
	return []*graph.Node{
		graph.Add(v[0], integer(v[0], 1)),
		graph.Add(x, graph.Mul(way, dx)), graph.Add(s, graph.Mul(way, ds)), graph.Add(y, graph.Mul(way, dy)), a, b, one, eye,
	}
}

// room is how far x can go along d, at most 1, and stay above 0.
func room(x, d *graph.Node) *graph.Node {
	falls := graph.LessThan(d, number(d, 0))
	limit := graph.Where(falls, graph.Div(graph.Mul(x, number(x, -0.995)), d), repeat(number(x, 1), x.Shape().Size()))
	return graph.Min(graph.ReduceMin(limit), number(x, 1))
}
