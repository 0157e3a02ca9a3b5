package solve

import "github.com/gomlx/gomlx/core/graph"

// path is the search for φ, along which q = start + φ·slope.
type path struct {
	proximal
	cosines        *graph.Node // Ĝ
	start, slope   *graph.Node // [1, T]
	c              *graph.Node
	phi, low, high *graph.Node
	tried          *graph.Node // Int32, 1 once high was a φ that was too large
	change         *graph.Node // of q on the support, relative to y
	calm           *graph.Node // Int32, rounds since that was large
}

func (p path) state() []*graph.Node {
	return append(p.proximal.state(), p.cosines, p.start, p.slope, p.c, p.phi, p.low, p.high, p.tried, p.change, p.calm)
}

func (p path) with(s []*graph.Node) path {
	p.proximal = p.proximal.with(s)
	s = s[proximalState:]
	p.cosines, p.start, p.slope, p.c, p.phi, p.low, p.high, p.tried, p.change, p.calm = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9]
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
	// A bound that was tried is no next point: two supports could send the search from one bound to the other and back.
	p.tried = graph.Where(above, integer(p.calm, 1), p.tried)
	atMost := graph.Where(graph.GreaterThan(p.tried, integer(p.calm, 0)), middle, high)
	between := graph.Where(graph.GreaterThan(guess, low), graph.Where(graph.LessThan(guess, high), guess, atMost), middle)
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
