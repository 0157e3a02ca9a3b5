package solve

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// CAGrad is the argmin over the simplex of F(w) = wᵀGp + c·√(pᵀGp)·√(wᵀGw), Liu et al., 2021, equation 4 and algorithm 1, c > 0 a scalar.
// A nil preference p means 1/T for the active tasks.
//
// √(wᵀGw)·c√β, β = pᵀGp, is the least ½(wᵀGw/t + t·c²β) over t > 0, so that w minimises ½wᵀGw + t·wᵀGp for the t at which
// √(wᵀGw) = t·c√β. Up to their sum, and with a, unit rows and b_i = ((Gp)_i - min_j (Gp)_j) / (‖g_i‖√β), these w are w_i ∝ a_i·y_i for the
// y ≥ 0 that minimises ½yᵀ(Ĝ + aaᵀ)y + (θb - a)ᵀy; t grows with θ, and the condition becomes √(yᵀĜy) = cθ. On the support of y it is a
// quadratic equation in θ.
func CAGrad(g, active, c, preference *graph.Node) Result {
	s := split(g, active)
	a, least := s.weights()
	c = graph.Max(float64s(c), number(a, 1e-9))
	if c.Rank() != 0 {
		exceptions.Panicf("mtl: c of CAGrad is a scalar; got %s", c.Shape())
	}
	b := s.slopes(preference, graph.Div(a, least))
	m := graph.Add(s.cosines, graph.Mul(column(a), row(a)))
	q := row(graph.Where(s.active, graph.Neg(a), number(a, 1)))

	p := path{
		cone:    newCone(graph.Add(m, graph.Mul(unit(m, m.Shape().Dim(0)), number(m, s.ridge))), 1),
		cosines: s.cosines, start: q, slope: row(b), c: c,
		theta: graph.Div(number(c, 0.5), c), change: number(c, 1), low: number(c, 0), high: number(c, 1e300), round: integer(c, 0),
	}
	p = pathOf(While(p.state(), func(x []*graph.Node) *graph.Node { return pathOf(x).unfinished() },
		func(x []*graph.Node) []*graph.Node { return pathOf(x).next(s.ridge).state() }))
	y := graph.Max(p.cone.y, number(a, 0))
	w, norm := s.simplex(y, a)
	gap := graph.Abs(graph.Sub(graph.Reshape(s.norm(y)), graph.Mul(c, p.theta)))
	gap = graph.Div(gap, graph.Max(graph.ReduceMax(y), number(y, 1e-300)))
	return Result{
		Weights:    back(w, s.dtype),
		Norm:       back(norm, s.dtype),
		Iterations: p.cone.steps,
		Residual:   graph.Max(violation(m, graph.Add(q, graph.Mul(row(b), p.theta)), y), graph.StopGradient(gap)),
	}
}

// slopes are b of CAGrad, inverse are the inverse lengths.
func (s gramian) slopes(preference, inverse *graph.Node) *graph.Node {
	zero := zeros(s.lengths)
	p := zero
	if preference == nil {
		p = graph.Where(s.active, repeat(number(p, 1), p.Shape().Dim(0)), zero)
	} else {
		if !preference.Shape().EqualDimensions(s.lengths.Shape()) {
			exceptions.Panicf("mtl: the preference of %d tasks is [%d]; got %s", s.lengths.Shape().Dim(0), s.lengths.Shape().Dim(0), preference.Shape())
		}
		p = graph.Where(s.active, float64s(preference), zero)
	}
	scaled := graph.Mul(p, s.lengths)
	along := graph.Dot(scaled, s.cosines).Product()
	mean := graph.Sqrt(graph.Max(graph.ReduceSum(graph.Mul(scaled, along)), number(p, 1e-300)))
	products := graph.Mul(along, s.lengths)
	lowest := graph.ReduceMin(graph.Where(s.active, products, repeat(number(p, 1e300), p.Shape().Dim(0))))
	b := graph.Div(graph.Mul(graph.Sub(products, lowest), inverse), mean)
	return graph.Where(s.active, b, zero)
}

// path is the search for θ.
type path struct {
	cone                            cone
	cosines, start, slope, c        *graph.Node
	theta, change, low, high, round *graph.Node
}

func (p path) state() []*graph.Node {
	return append(p.cone.state(), p.cosines, p.start, p.slope, p.c, p.theta, p.change, p.low, p.high, p.round)
}

func pathOf(x []*graph.Node) path {
	return path{
		cone: coneOf(x), cosines: x[5], start: x[6], slope: x[7], c: x[8],
		theta: x[9], change: x[10], low: x[11], high: x[12], round: x[13],
	}
}

// unfinished is true until θ stays, and for as many rounds as the proximal point method needs.
func (p path) unfinished() *graph.Node {
	moves := graph.GreaterThan(graph.Abs(p.change), graph.Mul(p.theta, number(p.theta, 1e-14)))
	early := graph.LessThan(p.round, integer(p.round, proximalRounds))
	return graph.LogicalAnd(graph.LogicalOr(moves, early), graph.LessThan(p.round, integer(p.round, 50)))
}

// next minimises at θ and takes the root of the equation on the support, or a point between the known bounds of θ.
func (p path) next(ridge float64) path {
	theta, c := p.theta, p.c
	q := graph.Add(p.start, graph.Mul(p.slope, theta))
	p.cone = p.cone.minimise(graph.Sub(q, graph.Mul(p.cone.y, number(q, ridge))))
	y := p.cone.y
	v := p.cone.response(p.slope)
	inner := func(a, b *graph.Node) *graph.Node {
		return graph.ReduceSum(graph.Mul(graph.Dot(a, p.cosines).Product(), b))
	}
	square := graph.Mul(c, c)
	// quadratic·τ² + 2·linear·τ + constant = 0 for the change τ of θ.
	quadratic := graph.Sub(inner(v, v), square)
	linear := graph.Sub(inner(v, y), graph.Mul(square, theta))
	constant := graph.Sub(inner(y, y), graph.Mul(square, graph.Mul(theta, theta)))
	root := graph.Sqrt(graph.Sub(graph.Mul(linear, linear), graph.Mul(quadratic, constant)))
	change := graph.Div(constant, graph.Sub(root, linear))
	guess := graph.Add(theta, change)

	below := graph.GreaterThan(constant, number(c, 0))
	p.low = graph.Where(below, theta, p.low)
	p.high = graph.Where(below, p.high, theta)
	middle := graph.Sqrt(graph.Mul(graph.Max(p.low, graph.Mul(p.high, number(c, 1e-4))), p.high))
	middle = graph.Where(graph.LessThan(p.high, number(c, 1e200)), middle, graph.Mul(theta, number(c, 8)))
	// A NaN, where there is no root, is not between the bounds.
	between := graph.LogicalAnd(graph.GreaterOrEqual(guess, p.low), graph.LessOrEqual(guess, p.high))
	p.theta = graph.Where(between, guess, middle)
	p.change = graph.Sub(p.theta, theta)
	p.round = graph.Add(p.round, integer(p.round, 1))
	return p
}

// response is the derivative of y by θ where q moves by slope·θ and the support stays, [R, T].
func (c cone) response(slope *graph.Node) *graph.Node {
	support := graph.LessThan(c.sign, number(slope, 0))
	zero := zeros(slope)
	moved := graph.ReduceSum(graph.Mul(c.pivoted, graph.InsertAxes(graph.Where(support, slope, zero), 1)), 2)
	return graph.Where(support, graph.Neg(moved), zero)
}
