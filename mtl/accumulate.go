package mtl

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
)

// accumulation takes the gradients of a batch in parts, one after the other: each part's forward pass waits for the gradients of the part before, so
// that the activations of one part exist at a time.
type accumulation struct {
	losses *taskLosses
	count  int
	// pass builds the losses of part k, each times its share of the batch, so that their sum over the parts is the loss of the batch.
	pass func(k int, after []*graph.Node) *taskLosses
	// wanted are the nodes that each task's gradient will be asked for on, and rows the gradients that there are, [T].
	wanted [][]*graph.Node
	rows   []map[*graph.Node]*graph.Node
}

// accumulated builds the losses of a batch in n parts, or as many as divide it. With c_tk labelled entries of task t in part k, of mean loss L_tk, the
// task's loss is Σ_k c_tk·L_tk / Σ_k c_tk: the mean over all labelled entries, as in one pass.
func (m *Model) accumulated(store *model.Store, batch batchNodes, n int) *taskLosses {
	if n = gcd(batch.size(), max(n, 1)); n == 1 {
		return m.taskLosses(batch.labels, batch.masks, m.Graph(store.RootScope(), nil, batch.inputs))
	}
	g := batch.inputs[0].Graph()
	shares := m.shares(batch, n)
	build := func(k int, after []*graph.Node) *taskLosses {
		part := batch.part(k, n)
		for i, x := range part.inputs {
			part.inputs[i] = behind(x, after)
		}
		return m.taskLosses(part.labels, part.masks, m.Graph(store.RootScope(), nil, part.inputs)).scaled(shares[k])
	}
	random := store.GetVariable("/" + model.RNGStateVariableName)
	parts, randoms := make([]*taskLosses, n), make([]*graph.Node, n)
	randoms[0] = random.NodeValue(g)
	parts[0] = build(0, nil)
	for k := 1; k < n; k++ {
		randoms[k] = random.NodeValue(g)
		mute(g, func() { parts[k] = build(k, parts[k-1].scalars) })
	}
	if r := train.GetRegularizationLoss(g); r != nil {
		setRegularization(g, graph.DivScalar(r, n))
	}
	whole := joined(parts)
	whole.again = func(i, of int) *taskLosses {
		again := m.accumulated(store, batch.part(i, of), n)
		again.derivative = wholePass{again} // later passes would not see values replaced for this one
		return again
	}
	whole.derivative = newAccumulation(whole, n, func(k int, after []*graph.Node) (part *taskLosses) {
		// The same pass once more: the random numbers too, and nothing moves twice.
		last := random.NodeValue(g)
		withValues(store, g, map[*model.Variable]*graph.Node{random: randoms[k]}, func() { part = build(k, after) })
		random.SetNodeValue(last)
		return part
	})
	return whole
}

func newAccumulation(losses *taskLosses, count int, pass func(k int, after []*graph.Node) *taskLosses) *accumulation {
	a := &accumulation{losses: losses, count: count, pass: pass, wanted: make([][]*graph.Node, len(losses.scalars))}
	for range losses.scalars {
		a.rows = append(a.rows, map[*graph.Node]*graph.Node{})
	}
	return a
}

// shares returns c_tk / Σ_k c_tk of n parts, [n][T] scalars.
func (m *Model) shares(batch batchNodes, n int) [][]*graph.Node {
	shares := make([][]*graph.Node, n)
	count := func(mask *graph.Node) *graph.Node {
		return graph.ConvertDType(graph.ReduceAllSum(graph.ConvertDType(mask, dtypes.Int32)), dtypes.Float32)
	}
	for t := range m.Tasks {
		mask := m.Tasks[t].mask(batch.labels[t], batch.masks[t])
		for k := range shares {
			share := graph.Const(batch.inputs[0].Graph(), float32(1)/float32(n))
			if mask != nil {
				share = graph.Div(count(partOf([]*graph.Node{mask}, k, n)[0]), graph.MaxScalar(count(mask), 1))
			}
			shares[k] = append(shares[k], share)
		}
	}
	return shares
}

// scaled returns the losses times factors, [T] scalars.
func (l *taskLosses) scaled(factors []*graph.Node) *taskLosses {
	s := *l
	s.scalars = make([]*graph.Node, len(l.scalars))
	for t, value := range l.scalars {
		s.scalars[t] = graph.Mul(graph.ConvertDType(factors[t], value.DType()), value)
	}
	s.values = graph.Stack(s.scalars, 0)
	s.derivative = wholePass{&s}
	return &s
}

// joined returns the losses of all parts together.
func joined(parts []*taskLosses) *taskLosses {
	whole := &taskLosses{names: parts[0].names, active: parts[0].active}
	whole.scalars = append(whole.scalars, parts[0].scalars...)
	whole.features = append(whole.features, parts[0].features...)
	for _, part := range parts[1:] {
		whole.active = graph.Max(whole.active, part.active)
		whole.features = append(whole.features, part.features...)
		for t, value := range part.scalars {
			whole.scalars[t] = graph.Add(whole.scalars[t], value)
		}
	}
	whole.values = graph.Stack(whole.scalars, 0)
	return whole
}

// fold returns the sum over the parts of what of takes from each. From then on the losses are those of these passes: where nothing else looked at the losses
// before, the first passes are not run.
func (a *accumulation) fold(of func(part *taskLosses) []*graph.Node) (total []*graph.Node) {
	for k := range a.count {
		part := a.pass(k, total)
		terms := append(of(part), part.scalars...)
		if total == nil {
			total = terms
			continue
		}
		for i, term := range terms {
			total[i] = graph.Add(total[i], term)
		}
	}
	scalars := total[len(total)-len(a.losses.scalars):]
	a.losses.values = graph.Stack(scalars, 0)
	return total[:len(total)-len(scalars)]
}

func (a *accumulation) combined(weights *graph.Node, nodes []*graph.Node) []*graph.Node {
	return a.fold(func(part *taskLosses) []*graph.Node { return part.combined(weights, nodes) })
}

// want puts nodes among those of the next sweep over the parts, so that one serves all that will be asked for.
func (a *accumulation) want(t int, nodes []*graph.Node) {
	for _, node := range nodes {
		if _, known := a.rows[t][node]; !known {
			a.rows[t][node] = nil
			a.wanted[t] = append(a.wanted[t], node)
		}
	}
}

func (a *accumulation) of(t int, nodes []*graph.Node) []*graph.Node {
	if a.want(t, nodes); len(a.wanted[t]) > 0 {
		flat := a.fold(func(part *taskLosses) (flat []*graph.Node) {
			for t, l := range part.scalars {
				if len(a.wanted[t]) > 0 {
					flat = append(flat, graph.Gradient(l, a.wanted[t]...)...)
				}
			}
			return flat
		})
		for t, wanted := range a.wanted {
			for k, node := range wanted {
				a.rows[t][node] = flat[k]
			}
			flat, a.wanted[t] = flat[len(wanted):], nil
		}
	}
	found := make([]*graph.Node, len(nodes))
	for i, node := range nodes {
		found[i] = a.rows[t][node]
	}
	return found
}

func (a *accumulation) announce(s *Step, groups []*groupStep) {
	heads := slices.DeleteFunc(s.ModelVariables(), func(v *model.Variable) bool { return slices.Contains(s.SharedVariables(), v) })
	for t, l := range a.losses.scalars {
		for _, group := range groups {
			if len(group.variables) > 0 {
				a.want(t, group.nodes)
			}
		}
		reached := ancestors(l)
		a.want(t, slices.DeleteFunc(nodesOf(s.Graph(), heads), func(node *graph.Node) bool { return !reached[node] }))
	}
}

func (a *accumulation) on(nodes []*graph.Node) gradientSource { return &accumulatedOn{a, nodes} }

// accumulatedOn is the accumulated Jacobian on some nodes.
type accumulatedOn struct {
	*accumulation
	nodes []*graph.Node
}

func (a *accumulatedOn) values() *graph.Node { return a.losses.values }

func (a *accumulatedOn) scalars() []*graph.Node { return a.losses.scalars }

func (a *accumulatedOn) gradients() [][]*graph.Node {
	rows := make([][]*graph.Node, len(a.losses.scalars))
	for t := range rows {
		rows[t] = a.of(t, a.nodes)
	}
	return rows
}

func (a *accumulatedOn) gramian() (total *graph.Node) {
	rows := a.gradients()
	for k := range a.nodes {
		total = sum(total, stored(column(rows, k)).gramian())
	}
	return total
}

func (a *accumulatedOn) combine(weights, usable *graph.Node) (combined []*graph.Node) {
	rows := a.gradients()
	for k := range a.nodes {
		combined = append(combined, stored(column(rows, k)).combine(weights, usable))
	}
	return combined
}

// behind returns x as a value that exists only once all of some nodes do: a zero made of them is added that no compiler can see through. Backends without
// barriers take x as it is.
func behind(x *graph.Node, nodes []*graph.Node) *graph.Node {
	g := x.Graph()
	if len(nodes) == 0 || !g.Backend().Capabilities().Operations[compute.OpTypeOptimizationBarrier] {
		return x
	}
	held := graph.OptimizationBarriers(append(slices.Clone(nodes), graph.ScalarZero(g, dtypes.Int32))...)
	zero := held[len(nodes)]
	total := zero
	for _, node := range held[:len(nodes)] {
		first := make([]graph.SliceAxisSpec, node.Rank())
		for axis := range first {
			first[axis] = graph.AxisRange(0, 1)
		}
		// The bits, as 0 times a number that is not finite would be none.
		bits := graph.Bitcast(graph.ConvertDType(graph.Reshape(graph.Slice(node, first...)), dtypes.Float32), dtypes.Int32)
		total = graph.BitwiseOr(total, graph.BitwiseAnd(bits, zero))
	}
	if x.DType() == dtypes.Bool {
		return graph.LogicalOr(x, graph.NotEqual(total, graph.ScalarZero(g, dtypes.Int32)))
	}
	return graph.Add(x, graph.ConvertDType(total, x.DType()))
}

func (b batchNodes) size() int { return b.inputs[0].Shape().Dimensions[0] }

func (b batchNodes) part(k, n int) batchNodes {
	return batchNodes{inputs: partOf(b.inputs, k, n), labels: partOf(b.labels, k, n), masks: partOf(b.masks, k, n)}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
