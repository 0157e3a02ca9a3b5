package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// simplexMinimum is the argmin of ½xᵀAx + bᵀx over the simplex of the active tasks, A positive semidefinite, all in float64, by a primal-dual
// interior-point method from halfway between a guess on the simplex and its centre (Nocedal and Wright, Numerical Optimization, 2nd edition, section 16.6, with the plain centring of 0.1). Its steps hardly depend on how
// well A is conditioned.
func simplexMinimum(a, b, guess, active *graph.Node) *graph.Node {
	g, n := a.Graph(), a.Shape().Dim(0)
	one := graph.ConvertDType(active, a.DType())
	eye := graph.ConvertDType(graph.Diagonal(g, n), a.DType())
	// Tasks that are not active get a problem of their own, ½x², with the solution 0.
	both := graph.LogicalAnd(graph.InsertAxes(active, 0), graph.InsertAxes(active, 1))
	a, b = only(both, a), only(active, b)
	scale := graph.MaxScalar(graph.Max(graph.ReduceAllMax(graph.Abs(b)), graph.ReduceAllMax(graph.Abs(a))), 1e-300)
	a, b = graph.Where(both, graph.Div(a, scale), eye), graph.Div(b, scale)
	centre := graph.Div(graph.OnesLike(b), count(active))
	x := graph.Where(active, graph.MulScalar(graph.Add(centre, guess), 0.5), graph.OnesLike(b))
	state := []*graph.Node{graph.Const(g, int32(0)), x, graph.OnesLike(x), graph.Const(g, 0.0), a, b, one, eye}
	last := solve.While(state, interiorGoesOn, interiorStep)
	return graph.StopGradient(only(active, last[1]))
}

// gap is xᵀs/T.
func gap(x, s *graph.Node) *graph.Node {
	return graph.Div(graph.ReduceAllSum(graph.Mul(x, s)), graph.Const(x.Graph(), float64(x.Shape().Size())))
}

func interiorGoesOn(v []*graph.Node) *graph.Node {
	g := v[0].Graph()
	return graph.LogicalAnd(graph.LessThan(v[0], graph.Const(g, int32(60))), graph.GreaterThan(gap(v[1], v[2]), graph.Const(g, 1e-15)))
}

// interiorStep is a Newton step for Ax + b = e·y + s, eᵀx = 1, x ⊙ s = 0.1·gap.
func interiorStep(v []*graph.Node) []*graph.Node {
	x, s, y, a, b, one, eye := v[1], v[2], v[3], v[4], v[5], v[6], v[7]
	g, n := x.Graph(), x.Shape().Size()
	target := graph.Mul(graph.Const(g, 0.1), gap(x, s))
	slack := graph.Sub(graph.Sub(graph.Add(times(a, x), b), graph.Mul(one, y)), s)
	matrix := graph.Add(a, graph.Mul(eye, graph.InsertAxes(graph.Div(s, x), 0)))
	right := graph.Sub(graph.Sub(graph.Div(target, x), s), slack)
	solved := solve.Solve(matrix, graph.Stack([]*graph.Node{right, one}, 1))
	column := func(k int) *graph.Node {
		return graph.Reshape(graph.SliceAxis(solved, 1, graph.AxisElem(k)), n)
	}
	u, w := column(0), column(1)
	missing := graph.Sub(graph.Const(g, 1.0), graph.ReduceAllSum(graph.Mul(one, graph.Add(x, u))))
	dy := graph.Div(missing, graph.ReduceAllSum(graph.Mul(one, w)))
	dx := graph.Add(u, graph.Mul(w, dy))
	ds := graph.Sub(graph.Div(graph.Sub(target, graph.Mul(s, dx)), x), s)
	way := graph.Min(room(x, dx), room(s, ds))
	return []*graph.Node{
		graph.Add(v[0], graph.Const(g, int32(1))),
		graph.Add(x, graph.Mul(way, dx)), graph.Add(s, graph.Mul(way, ds)), graph.Add(y, graph.Mul(way, dy)), a, b, one, eye,
	}
}

// room is how far x can go along d, at most 1, and stay above 0.
func room(x, d *graph.Node) *graph.Node {
	g := x.Graph()
	full := graph.BroadcastToDims(graph.Const(g, 1.0), x.Shape().Size())
	falls := graph.LessThan(d, graph.BroadcastToDims(graph.Const(g, 0.0), x.Shape().Size()))
	limit := graph.Where(falls, graph.Div(graph.Mul(x, graph.Const(g, -0.995)), d), full)
	return graph.Min(graph.ReduceAllMin(limit), graph.Const(g, 1.0))
}
