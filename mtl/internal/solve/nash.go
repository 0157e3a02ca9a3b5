package solve

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Nash solves (Gα)_i = α_i^(-1/a), α > 0, a > 0 a scalar: a = 1 is Nash-MTL (Navon et al., 2022, claim 3.1), the general case FairGrad (Ban
// and Ji, 2024, algorithm 1). The solution minimises ½αᵀGα - Σ φ(α_i), φ' = α^(-1/a), which is strictly convex: damped Newton steps.
//
// With unit rows, Ĝ, e_i = ‖g_i‖^((1-a)/(1+a)) and α_i = ‖g_i‖^(-2a/(1+a))·x_i the equation is (Ĝ·(e∘x))_i = e_i·x_i^(-1/a): x is 1 for
// gradients at right angles, whatever their lengths. Where G is singular there may be no solution, since α grows without end as the combined
// gradient vanishes: Ĝ gets a ridge of the size of its rounding error, 2T·eps. A task whose gradient is 0 gets the largest weight of the others.
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
	ridge := 2 * float64(n) * Epsilon(s.dtype)
	m := graph.Add(s.cosines, graph.Mul(unit(a, n), number(a, ridge)))

	// The state: m, e, a, x, what the last step left to do, the number of steps.
	state := []*graph.Node{m, e, a, repeat(one, n), one, integer(a, 0)}
	state = While(state,
		func(x []*graph.Node) *graph.Node {
			return graph.LogicalAnd(graph.GreaterThan(x[4], number(x[4], 1e-9)), graph.LessThan(x[5], integer(x[5], 200)))
		},
		func(x []*graph.Node) []*graph.Node {
			next, left := newton(x[0], x[1], x[2], x[3], ridge/4)
			return []*graph.Node{x[0], x[1], x[2], next, left, graph.Add(x[5], integer(x[5], 1))}
		})
	x := state[3]

	lengths := graph.Where(alive, s.lengths, one)
	alpha := graph.Mul(x, graph.Pow(lengths, graph.Div(graph.Mul(a, number(a, -2)), graph.Add(one, a))))
	most := graph.ReduceMax(graph.Where(alive, alpha, zeros(alpha)))
	most = graph.Where(graph.GreaterThan(most, number(a, 0)), most, one)
	alpha = graph.Where(alive, alpha, graph.Where(s.active, repeat(most, n), zeros(alpha)))
	_, residual := equation(s.cosines, e, a, x)
	return Result{
		Weights:    back(alpha, s.dtype),
		Norm:       back(s.norm(alpha), s.dtype),
		Iterations: state[5],
		Residual:   graph.StopGradient(residual),
	}
}

// newton is one step, at most 0.99 of the way to where the first x is 0, and what it left to do: its largest relative change, or 0 where the
// equation held but for rounding before.
func newton(m, e, a, x *graph.Node, least float64) (next, left *graph.Node) {
	n, one := m.Shape().Dim(0), number(a, 1)
	gap, residual := equation(m, e, a, x)
	// To solve (m + curvature)·p = gap, p = e·change, with a diagonal of 1.
	curvature := graph.Div(graph.Pow(x, graph.Sub(number(a, -1), graph.Div(one, a))), a)
	scale := graph.Div(one, graph.Sqrt(graph.Add(diagonal(m), curvature)))
	scaled := graph.Mul(graph.Mul(m, column(scale)), row(scale))
	scaled = graph.Where(onDiagonal(m, n), repeat(one, n, n), scaled)
	p := graph.Mul(solvePositive(scaled, graph.Mul(gap, scale), least), scale)
	change := graph.Div(graph.Div(p, e), x) // relative
	way := graph.Min(one, graph.Div(number(a, 0.99), graph.Max(graph.ReduceMax(graph.Neg(change)), number(a, 1e-300))))
	change = graph.Mul(change, way)
	exact := graph.LessThan(residual, number(a, 2e-16*float64(n+4)))
	// No power of x may be infinite.
	smallest := graph.Pow(number(a, 1e-250), graph.Div(a, graph.Add(one, a)))
	next = graph.Max(graph.Min(graph.Mul(x, graph.Add(one, change)), number(a, 1e60)), smallest)
	return next, graph.Where(exact, number(a, 0), graph.ReduceMax(graph.Abs(change)))
}

// equation is the difference of the equation's sides, and the largest of them relative to the terms that it is the sum of.
func equation(m, e, a, x *graph.Node) (gap, residual *graph.Node) {
	y := graph.Mul(e, x)
	force := graph.Mul(e, graph.Pow(x, graph.Div(number(a, -1), a)))
	gap = graph.Sub(force, graph.Dot(m, y).Product())
	return gap, graph.ReduceMax(graph.Div(graph.Abs(gap), graph.Add(force, graph.Dot(graph.Abs(m), y).Product())))
}
