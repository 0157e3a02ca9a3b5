package solve

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// CAGrad is the argmin over the simplex of F(w) = wᵀGp + c·√(pᵀGp)·√(wᵀGw) (Liu et al., 2021, algorithm 1), c > 0 a scalar. A nil
// preference p means 1/T for the active tasks. Tasks whose gradient is 0 share all the weight if F is below 0 nowhere.
//
// At the solution no partial derivative of F is below F itself. With unit rows, Ĝ, with a as in MinNorm, w_i ∝ a_i·y_i and √(yᵀĜy) = c
// that is Ĝy + ρ - f·a ≥ 0, y ≥ 0, one of the two being 0, where ρ are the cosines between the gradients and Jᵀp and f is in proportion to
// F. With f = φ - aᵀy, y is what minimises ½yᵀ(Ĝ + aaᵀ)y + (ρ - φa)ᵀy over y ≥ 0; its √(yᵀĜy) grows with φ, and φ is the root of a quadratic
// equation while the support of y stays. Where the gradients have a combination of 0, √(yᵀĜy) may never reach c: then w is that of
// MinNorm.
func CAGrad(g, active, c, preference *graph.Node) Result {
	s := split(g, active)
	if c.Rank() != 0 {
		exceptions.Panicf("mtl: c of CAGrad is a scalar; got %s", c.Shape())
	}
	c = graph.Max(float64s(c), number(s.lengths, 1e-9))
	a, m, _ := s.hull()
	n := a.Shape().Dim(0)
	alive := graph.GreaterThan(a, number(c, 0))
	cosines := graph.Where(alive, s.alignment(preference), repeat(number(c, 1), n))
	least := func(x *graph.Node) *graph.Node {
		return graph.ReduceMin(graph.Where(alive, graph.Div(x, a), repeat(number(c, 1e300), n)))
	}
	// With a larger φ the rounding error of √(yᵀĜy) would be of the size of c.
	highest := graph.Add(number(c, 2), graph.Mul(c, number(c, 0.1/math.Sqrt(float64(n)*Epsilon(s.dtype)))))
	p := path{
		proximal: s.newProximal(m, 1), cosines: s.cosines, start: row(cosines), slope: row(graph.Neg(a)), c: c,
		phi: least(graph.Add(cosines, c)), low: least(cosines), high: highest, tried: integer(c, 0), change: number(c, 1), calm: integer(c, 0),
	}
	p = p.with(While(p.state(), func(x []*graph.Node) *graph.Node { return p.with(x).more() },
		func(x []*graph.Node) []*graph.Node { return p.with(x).next().state() }))
	y := graph.Max(p.y, number(c, 0))
	w := s.normalise(y, a)
	f := graph.Sub(p.phi, graph.ReduceSum(graph.Mul(row(a), y)))
	vanished := s.vanished()
	useless := graph.LogicalAnd(graph.GreaterThan(graph.ReduceMax(vanished), number(c, 0)), graph.GreaterOrEqual(f, number(c, 0)))
	w = graph.Where(useless, vanished, w)
	return Result{
		Weights:    back(w, s.dtype),
		Norm:       back(s.norm(w), s.dtype),
		Iterations: p.steps,
		Residual:   graph.StopGradient(p.residual(m, y)),
	}
}

// alignment are the cosines between the gradients and Jᵀp, [T].
func (s gramian) alignment(preference *graph.Node) *graph.Node {
	n := s.lengths.Shape().Dim(0)
	p := repeat(number(s.lengths, 1), n)
	if preference != nil {
		if preference.Rank() != 1 || preference.Shape().Dim(0) != n {
			exceptions.Panicf("mtl: the preference of %d tasks is [%d]; got %s", n, n, preference.Shape())
		}
		p = float64s(preference)
	}
	scaled := graph.Mul(graph.Where(s.active, p, zeros(p)), s.lengths)
	along := graph.Dot(scaled, s.cosines).Product()
	square := graph.ReduceSum(graph.Mul(scaled, along)) // pᵀGp
	return graph.Div(along, graph.Sqrt(graph.Max(square, number(p, 1e-300))))
}
