package solve

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Nash solves (Gα)_i = α_i^(-1/a), α > 0, a > 0 a scalar: Nash-MTL (Navon et al., 2022, equation 3) is a = 1, FairGrad (Ban and Ji, 2024, equation 8) the
// general case. It is where ½αᵀGα - Σ φ(α_i), φ' = α^(-1/a), is least, which is strictly convex: damped Newton steps.
//
// With unit rows, Ĝ, e_i = ‖g_i‖^((1-a)/(1+a)) and α_i = ‖g_i‖^(-2a/(1+a))·x_i the equation is (Ĝ·(e∘x))_i = e_i·x_i^(-1/a): x is 1 for gradients at
// right angles, whatever their lengths. Where G is singular there may be no solution, since α grows without end as the combined gradient
// vanishes: Ĝ gets a ridge of the size of its rounding error, 2T·eps or 1e-14. A task whose gradient is 0 gets the largest weight of the others.
func Nash(g, active, exponent *graph.Node) Result {
	s := split(g, active)
	n := g.Shape().Dim(0)
	if exponent.Rank() != 0 {
		exceptions.Panicf("mtl: the exponent of FairGrad is a scalar; got %s", exponent.Shape())
	}
	a := graph.Max(float64s(exponent), number(s.lengths, 1e-3))
	one := number(a, 1)
	alive := graph.GreaterThan(s.lengths, number(a, 0))
	longest := graph.ReduceMax(s.lengths)
	relative := graph.Where(alive, graph.Div(s.lengths, longest), one)
	e := graph.Pow(relative, graph.Div(graph.Sub(one, a), graph.Add(one, a)))
	m := graph.Add(s.cosines, graph.Mul(unit(a, n), number(a, max(1e-14, 2*float64(n)*epsilon(s.dtype)))))

	// State: m, e, a, x, the last step's size relative to x, its number.
	state := []*graph.Node{m, e, a, repeat(one, n), one, integer(a, 0)}
	state = While(state,
		func(x []*graph.Node) *graph.Node {
			return graph.LogicalAnd(graph.GreaterThan(x[4], number(x[4], 1e-9)), graph.LessThan(x[5], integer(x[5], 100)))
		},
		func(x []*graph.Node) []*graph.Node {
			next, size := newton(x[0], x[1], x[2], x[3])
			return []*graph.Node{x[0], x[1], x[2], next, size, graph.Add(x[5], integer(x[5], 1))}
		})
	x := state[3]

	lengths := graph.Where(alive, s.lengths, one)
	alpha := graph.Mul(x, graph.Pow(lengths, graph.Div(graph.Mul(a, number(a, -2)), graph.Add(one, a))))
	most := graph.ReduceMax(graph.Where(alive, alpha, zeros(alpha)))
	most = graph.Where(graph.GreaterThan(most, number(a, 0)), most, one)
	alpha = graph.Where(alive, alpha, graph.Where(s.active, repeat(most, n), zeros(alpha)))
	sides := graph.Mul(graph.Dot(s.cosines, graph.Mul(e, x)).Product(), graph.Div(graph.Pow(x, graph.Div(one, a)), e))
	return Result{
		Weights:    back(alpha, s.dtype),
		Norm:       back(graph.Reshape(s.norm(row(graph.Mul(alpha, s.lengths)))), s.dtype),
		Iterations: state[5],
		Residual:   graph.StopGradient(graph.ReduceMax(graph.Abs(graph.Sub(sides, one)))),
	}
}

// newton is one step, at most 0.95 of the way to where the first x is 0, and its largest relative change.
func newton(m, e, a, x *graph.Node) (next, size *graph.Node) {
	one := number(a, 1)
	force := graph.Pow(x, graph.Div(number(a, -1), a))
	curvature := graph.Div(force, graph.Mul(a, x))
	gap := graph.Sub(graph.Mul(e, force), graph.Dot(m, graph.Mul(e, x)).Product())
	// To solve (m + curvature)·p = gap, p = e·change, with a diagonal of 1.
	scale := graph.Div(one, graph.Sqrt(graph.Add(diagonal(m), curvature)))
	n := m.Shape().Dim(0)
	scaled := graph.Mul(graph.Mul(m, column(scale)), row(scale))
	scaled = graph.Where(onDiagonal(m, n), repeat(one, n, n), scaled)
	p := graph.Mul(solvePositive(scaled, graph.Mul(gap, scale)), scale)
	change := graph.Div(graph.Div(p, e), x) // relative
	way := graph.Min(one, graph.Div(number(a, 0.95), graph.Max(graph.ReduceMax(graph.Neg(change)), number(a, 1e-300))))
	change = graph.Mul(change, way)
	return graph.Mul(x, graph.Add(one, change)), graph.ReduceMax(graph.Abs(change))
}
