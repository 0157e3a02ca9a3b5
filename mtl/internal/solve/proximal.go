package solve

import "github.com/gomlx/gomlx/core/graph"

// proximal is the search for the y ≥ 0 with the least ½yᵀMy + qᵀy, [R, T], by the proximal point method: each round minimises that plus
// ridge/2·‖y - z‖², z being the last round's y. The ridge makes each round's problem positive definite and chooses the smallest y where
// there are many; its effect on y shrinks from round to round by ridge/(ridge + λ) for each eigenvalue λ of M.
type proximal struct {
	cone
	last       *graph.Node // [R, T], y before the last round
	step       *graph.Node // [R, T], the last round's y - z
	lastStep   *graph.Node // [R, T], that of the round before
	round      *graph.Node // Int32 scalar
	ridge, far float64
}

const (
	minRounds = 3
	maxRounds = 20
	// proximalState is the number of nodes of a proximal's state.
	proximalState = 9
)

// newProximal starts at y = 0 for R vectors q.
func (s gramian) newProximal(m *graph.Node, r int) proximal {
	n := m.Shape().Dim(0)
	zero := repeat(number(m, 0), r, n)
	ridged := graph.Add(m, graph.Mul(unit(m, n), number(m, s.ridge)))
	return proximal{
		cone: newCone(ridged, r, s.ridge/2), last: zero, step: zero, lastStep: zero, round: integer(m, 0),
		// Smaller steps may be rounding errors of M, divided by the ridge.
		ridge: s.ridge, far: max(1e-6, 10*float64(n)*Epsilon(s.dtype)/s.ridge),
	}
}

func (p proximal) state() []*graph.Node {
	return append(p.cone.state(), p.last, p.step, p.lastStep, p.round)
}

// with is p in the state s.
func (p proximal) with(s []*graph.Node) proximal {
	p.cone, p.last, p.step, p.lastStep, p.round = p.cone.with(s), s[5], s[6], s[7], s[8]
	return p
}

// unsettled is true for the rows whose last step was long, [R, 1].
func (p proximal) unsettled() *graph.Node {
	size := graph.ReduceMax(graph.Abs(p.step), 1)
	return graph.InsertAxes(graph.GreaterThan(size, graph.Mul(graph.ReduceMax(p.y, 1), number(p.y, p.far))), -1)
}

// more is true while rounds change something.
func (p proximal) more() *graph.Node {
	moves := graph.ConvertDType(p.unsettled(), p.round.DType())
	moves = graph.LogicalAnd(graph.GreaterThan(graph.ReduceMax(moves), integer(p.round, 0)), graph.LessThan(p.round, integer(p.round, maxRounds)))
	return graph.LogicalOr(moves, graph.LessThan(p.round, integer(p.round, minRounds)))
}

// next is one more round for q. If the rounds before were for the same q, ahead, a boolean scalar, lets it start ahead of where they got
// stuck in directions of small λ (Anderson, 1965, with a memory of one step).
func (p proximal) next(q, ahead *graph.Node) proximal {
	r, n := q.Shape().Dim(0), q.Shape().Dim(1)
	bend := graph.Sub(p.step, p.lastStep)
	inner := func(a, b *graph.Node) *graph.Node { return graph.InsertAxes(graph.ReduceSum(graph.Mul(a, b), 1), -1) }
	back := graph.Div(inner(p.step, bend), graph.Max(inner(bend, bend), number(q, 1e-300)))
	stuck := graph.LogicalAnd(p.unsettled(), ahead)
	back = graph.Where(stuck, back, zeros(back))
	start := graph.Sub(p.y, graph.Mul(back, graph.Sub(p.y, p.last)))
	start = graph.Where(graph.LessThan(p.sign, number(q, 0)), graph.Max(start, number(q, 0)), repeat(number(q, 0), r, n))
	p.last, p.lastStep = p.y, p.step
	p.y = start
	p.cone = p.minimise(graph.Sub(q, graph.Mul(start, number(q, p.ridge))))
	p.step = graph.Sub(p.y, start)
	p.round = graph.Add(p.round, integer(p.round, 1))
	return p
}

// again is p, or p with the search back at y = 0 if restart, a boolean scalar.
func (p proximal) again(restart *graph.Node) proximal {
	r, n := p.y.Shape().Dim(0), p.y.Shape().Dim(1)
	fresh := newCone(p.m, r, p.least)
	all := func(dims ...int) *graph.Node { return repeat(restart, dims...) }
	p.pivoted = graph.Where(all(r, n, n), fresh.pivoted, p.pivoted)
	p.sign = graph.Where(all(r, n), fresh.sign, p.sign)
	p.y = graph.Where(all(r, n), fresh.y, p.y)
	return p
}

// nonNegative is the argmin of ½yᵀMy + qᵀy over y ≥ 0 for each row of q.
func (s gramian) nonNegative(m, q *graph.Node) (y, steps *graph.Node) {
	p := s.newProximal(m, q.Shape().Dim(0))
	state := While(append(p.state(), q),
		func(x []*graph.Node) *graph.Node { return p.with(x).more() },
		func(x []*graph.Node) []*graph.Node {
			p, q := p.with(x), x[proximalState]
			return append(p.next(q, graph.GreaterOrEqual(p.round, integer(q, minRounds))).state(), q)
		})
	p = p.with(state)
	return graph.Max(p.y, number(q, 0)), p.steps
}
