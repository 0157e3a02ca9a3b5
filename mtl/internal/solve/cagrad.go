package solve

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// CAGrad is the argmin over the simplex of F(w) = wᵀGp + c·√(pᵀGp)·√(wᵀGw), Liu et al., 2021, equation 4 and algorithm 1, c > 0 a scalar.
// A nil preference p means 1/T for the active tasks. Tasks whose gradient is 0 share all the weight if F is below 0 nowhere.
//
// At the solution no partial derivative of F is below F itself. With unit rows, Ĝ, a as in MinNorm, w_i ∝ a_i·y_i and √(yᵀĜy) = c that is
// Ĝy + ρ - f·a ≥ 0, y ≥ 0, one of the two being 0, for the cosines ρ between the gradients and Jᵀp and f in proportion to F. With f = φ - aᵀy, y is
// what minimises ½yᵀ(Ĝ + aaᵀ)y + (ρ - φa)ᵀy over y ≥ 0; its √(yᵀĜy) grows with φ, and φ is the root of a quadratic equation while the support
// of y stays. Where the gradients have a combination of 0, √(yᵀĜy) may never reach c: w then is that of MinNorm.
func CAGrad(g, active, c, preference *graph.Node) Result {
	s := split(g, active)
	if c.Rank() != 0 {
		exceptions.Panicf("mtl: c of CAGrad is a scalar; got %s", c.Shape())
	}
	c = graph.Max(float64s(c), number(s.lengths, 1e-9))
	a, m, _ := s.hull()
	one := repeat(number(c, 1), a.Shape().Dim(0))
	alive := graph.GreaterThan(a, number(c, 0))
	cosines := graph.Where(alive, s.alignment(preference), one)
	least := func(x *graph.Node) *graph.Node {
		return graph.ReduceMin(graph.Where(alive, graph.Div(x, a), repeat(number(c, 1e300), a.Shape().Dim(0))))
	}
	// With a larger φ the rounding error of √(yᵀĜy) would be of the size of c.
	p := path{
		proximal: s.newProximal(m, 1), cosines: s.cosines, start: row(cosines), slope: row(graph.Neg(a)), c: c,
		phi: least(graph.Add(cosines, c)), low: least(cosines), high: graph.Add(number(c, 2), graph.Mul(c, number(c, 0.1/math.Sqrt(float64(g.Shape().Dim(0))*epsilon(s.dtype))))),
		change: number(c, 1), calm: integer(c, 0),
	}
	p = p.with(While(p.state(), func(x []*graph.Node) *graph.Node { return p.with(x).more() },
		func(x []*graph.Node) []*graph.Node { return p.with(x).next().state() }))
	y := graph.Max(p.y, number(c, 0))
	w := s.normalise(y, a)
	f := graph.Sub(p.phi, graph.ReduceSum(graph.Mul(row(a), y)))
	anyZero := graph.GreaterThan(graph.ReduceMax(s.zeros()), number(c, 0))
	w = graph.Where(graph.LogicalAnd(anyZero, graph.GreaterOrEqual(f, number(c, 0))), s.zeros(), w)
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

// path is the search for φ, along which q = start + φ·slope.
type path struct {
	proximal
	cosines        *graph.Node // Ĝ
	start, slope   *graph.Node // [1, T]
	c              *graph.Node
	phi, low, high *graph.Node
	change         *graph.Node // of q on the support, relative to y
	calm           *graph.Node // Int32, rounds since that was large
}

func (p path) state() []*graph.Node {
	return append(p.proximal.state(), p.cosines, p.start, p.slope, p.c, p.phi, p.low, p.high, p.change, p.calm)
}

func (p path) with(s []*graph.Node) path {
	p.proximal = p.proximal.with(s)
	s = s[proximalState:]
	p.cosines, p.start, p.slope, p.c, p.phi, p.low, p.high, p.change, p.calm = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]
	return p
}

func (p path) q() *graph.Node { return graph.Add(p.start, graph.Mul(p.slope, p.phi)) }

// maxPoints bounds a search in which φ never settles for lack of digits.
const maxPoints = 60

// more is true until φ and y stay.
func (p path) more() *graph.Node {
	early := graph.LessThan(p.calm, integer(p.calm, minRounds))
	moves := graph.LogicalOr(early, graph.GreaterThan(p.change, number(p.c, 1e-13)))
	return graph.LogicalAnd(graph.LessThan(p.round, integer(p.round, maxPoints)), graph.LogicalOr(moves, p.proximal.more()))
}

// next minimises at φ and takes the root of the equation on the support, or a point between the known bounds of φ.
func (p path) next() path {
	// Far from the last φ rounding errors of what then was in the support may be large.
	p.proximal = p.again(graph.GreaterThan(p.change, number(p.c, 1)))
	p.proximal = p.proximal.next(p.q(), graph.GreaterOrEqual(p.calm, integer(p.calm, minRounds)))
	y, v := p.y, p.response(p.slope)
	// yᵀĜy - c² at φ + τ is quadratic·τ² + 2·linear·τ + constant, and grows with τ at the root.
	quadratic, linear := p.inner(v, v), p.inner(v, y)
	constant := graph.Sub(p.inner(y, y), graph.Mul(p.c, p.c))
	root := graph.Sqrt(graph.Sub(graph.Mul(linear, linear), graph.Mul(quadratic, constant)))
	guess := graph.Sub(p.phi, graph.Div(constant, graph.Add(linear, root)))
	above := graph.GreaterThan(constant, number(p.c, 0))
	low, high := graph.Where(above, p.low, p.phi), graph.Where(above, p.phi, p.high)
	steepest := graph.ReduceMax(graph.Where(graph.LessThan(p.sign, number(p.c, 0)), graph.Neg(p.slope), zeros(p.slope)))
	size := graph.Max(graph.ReduceMax(y), p.c)
	unit := graph.Div(steepest, size)
	// What is left may be rounding error.
	noise := graph.Mul(graph.Mul(size, size), number(p.c, float64(y.Shape().Dim(1))*0x1p-52))
	guess = graph.Where(graph.LessThan(graph.Abs(constant), noise), p.phi, guess)
	// A NaN, where there is no root, is neither close nor between the bounds: q then moves by twice the size of y, until the support changes.
	// Close to the root, bounds may be wrong by what the proximal rounds had not yet taken out.
	isClose := graph.LessThan(graph.Mul(graph.Abs(graph.Sub(guess, p.phi)), unit), number(p.c, 1e-3))
	middle := graph.Mul(graph.Add(low, high), number(p.c, 0.5))
	middle = graph.Where(above, graph.Max(middle, graph.Sub(p.phi, graph.Div(number(p.c, 2), unit))), middle)
	between := graph.Where(graph.GreaterOrEqual(guess, low), graph.Min(guess, high), middle)
	next := graph.Where(isClose, guess, between)
	p.change = graph.Mul(graph.Abs(graph.Sub(next, p.phi)), unit)
	p.phi, p.low, p.high = next, low, high
	p.calm = graph.Where(graph.LessThan(p.change, number(p.c, 1e-6)), graph.Add(p.calm, integer(p.calm, 1)), integer(p.calm, 0))
	return p
}

func (p path) inner(a, b *graph.Node) *graph.Node {
	return graph.ReduceSum(graph.Mul(graph.Dot(a, p.cosines).Product(), b))
}

// residual is the largest violation of the conditions. √(yᵀĜy) may be less than c where the combination of the gradients vanishes.
func (p path) residual(m, y *graph.Node) *graph.Node {
	gradient := graph.Add(graph.Dot(y, m).Product(), p.q())
	size := graph.Max(graph.ReduceMax(y), p.c)
	length := graph.Sqrt(graph.Max(p.inner(y, y), number(p.c, 0)))
	short := graph.Mul(graph.Abs(graph.Sub(graph.Div(length, p.c), number(p.c, 1))), graph.Div(length, size))
	return graph.Max(graph.Div(graph.ReduceMax(graph.Abs(graph.Min(gradient, y))), size), short)
}

// again is p, or p from the start if restart, a boolean scalar.
func (p proximal) again(restart *graph.Node) proximal {
	r, n := p.y.Shape().Dim(0), p.y.Shape().Dim(1)
	fresh := newCone(p.m, r, p.least)
	all := func(dims ...int) *graph.Node { return repeat(restart, dims...) }
	p.pivoted = graph.Where(all(r, n, n), fresh.pivoted, p.pivoted)
	p.sign = graph.Where(all(r, n), fresh.sign, p.sign)
	p.y = graph.Where(all(r, n), fresh.y, p.y)
	return p
}

// response is what y would be for q = direction if its support stayed, [R, T].
func (c cone) response(direction *graph.Node) *graph.Node {
	support := graph.LessThan(c.sign, number(direction, 0))
	zero := zeros(direction)
	moved := graph.ReduceSum(graph.Mul(c.pivoted, graph.InsertAxes(graph.Where(support, direction, zero), 1)), 2)
	return graph.Where(support, graph.Neg(moved), zero)
}
