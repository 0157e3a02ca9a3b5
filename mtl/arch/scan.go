package arch

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// scan makes the steps in a loop on the device, so that the program does not grow with the length, and XLA does not take minutes to compile it. GoMLX has no gradient
// through a loop: a second one goes back (back-propagation through time). In it nothing is left but the chain rule over the states, since all slopes are known before.
func (r recurrent) scan(inputs, weights, biases, mask *graph.Node) *graph.Node {
	weight := graph.StopGradient(weights) // inside of loops
	if mask != nil {
		shape := inputs.Shape().Clone()
		shape.Dimensions[2] = r.width
		mask = graph.ConvertDType(graph.BroadcastToDims(graph.InsertAxes(mask, -1), shape.Dimensions...), inputs.DType())
	}
	before, outputs := r.forward(graph.StopGradient(inputs), weight, graph.StopGradient(biases), mask)
	// All projections of the states at once, through which the gradient reaches weights and biases.
	fromState := graph.Add(graph.Reshape(graph.Dot(graph.Reshape(before[0], -1, r.width), weights).Product(), inputs.Shape().Dimensions...), graph.InsertAxes(biases, 0))
	through := graph.IdentityWithCustomGradient(join(inputs, fromState), func(projections, adjoint *graph.Node) *graph.Node {
		slopes := r.cell.slopes(part(projections, 0, 2), part(projections, 1, 2), before)
		onStates := r.backward(part(adjoint, 0, 2*r.cell.gates), weight, mask, slopes)
		onInputs, onFromState, _ := r.cell.back(slopes, onStates)
		return join(onInputs, onFromState)
	})
	// 0, but with the gradient on the outputs in the first columns of that on the projections.
	first := part(through, 0, 2*r.cell.gates)
	return graph.Add(outputs, graph.Sub(first, graph.StopGradient(first)))
}

// forward returns the states before each step and the first state after it, [batch, length, width].
func (r recurrent) forward(inputs, weights, biases, mask *graph.Node) (before []*graph.Node, outputs *graph.Node) {
	g, batch, length := inputs.Graph(), inputs.Shape().Dim(0), inputs.Shape().Dim(1)
	n := r.cell.states
	state := []*graph.Node{graph.Const(g, int32(0))}
	for range n {
		state = append(state, graph.Zeros(g, shapes.Make(inputs.DType(), batch, r.width)))
	}
	for range n + 1 {
		state = append(state, graph.Zeros(g, shapes.Make(inputs.DType(), batch, length, r.width)))
	}
	state = append(state, inputs, weights, biases)
	if mask != nil {
		state = append(state, mask)
	}
	last := solve.While(state, func(s []*graph.Node) *graph.Node { return graph.LessThan(s[0], graph.Const(g, int32(length))) }, func(s []*graph.Node) []*graph.Node {
		t, states, kept, rest := s[0], s[1:1+n], s[1+n:2+2*n], s[2+2*n:]
		next := r.cell.next(position(rest[0], t), graph.Add(graph.Dot(states[0], rest[1]).Product(), rest[2]), states)
		out := []*graph.Node{graph.Add(t, graph.Const(g, int32(1)))}
		for i := range next {
			if mask != nil {
				next[i] = graph.Add(states[i], graph.Mul(position(rest[3], t), graph.Sub(next[i], states[i])))
			}
			out = append(out, next[i])
		}
		for i := range states {
			out = append(out, setPosition(kept[i], t, states[i]))
		}
		return append(append(out, setPosition(kept[n], t, next[0])), rest...)
	})
	for i := range n {
		before = append(before, graph.StopGradient(last[1+n+i]))
	}
	return before, graph.StopGradient(last[1+2*n])
}

// backward returns the gradient on the states after each step, 0 where that is padding, of the gradient on the outputs.
func (r recurrent) backward(onOutputs, weights, mask *graph.Node, slopes []*graph.Node) []*graph.Node {
	g, batch, length := onOutputs.Graph(), onOutputs.Shape().Dim(0), onOutputs.Shape().Dim(1)
	n := r.cell.states
	state := []*graph.Node{graph.Const(g, int32(length-1))}
	for range n {
		state = append(state, graph.Zeros(g, shapes.Make(onOutputs.DType(), batch, r.width)))
	}
	for range n {
		state = append(state, graph.Zeros(g, shapes.Make(onOutputs.DType(), batch, length, r.width)))
	}
	state = append(append(state, onOutputs, weights), slopes...)
	if mask != nil {
		state = append(state, mask)
	}
	last := solve.While(state, func(s []*graph.Node) *graph.Node { return graph.GreaterOrEqual(s[0], graph.Const(g, int32(0))) }, func(s []*graph.Node) []*graph.Node {
		t, after, kept, rest := s[0], append([]*graph.Node{}, s[1:1+n]...), s[1+n:1+2*n], s[1+2*n:]
		after[0] = graph.Add(after[0], position(rest[0], t))
		at := make([]*graph.Node, len(slopes))
		for i := range at {
			at[i] = position(rest[2+i], t)
		}
		_, onFromState, states := r.cell.back(at, after)
		states[0] = graph.Add(states[0], graph.DotGeneral(onFromState, []int{1}, nil, rest[1], []int{1}, nil))
		out := []*graph.Node{graph.Sub(t, graph.Const(g, int32(1)))}
		for i := range states {
			if mask != nil {
				real := position(rest[2+len(slopes)], t)
				states[i] = graph.Add(after[i], graph.Mul(real, graph.Sub(states[i], after[i])))
				after[i] = graph.Mul(real, after[i])
			}
			out = append(out, states[i])
		}
		for i := range after {
			out = append(out, setPosition(kept[i], t, after[i]))
		}
		return append(out, rest...)
	})
	return last[1+n : 1+2*n]
}

// position takes [batch, features] at position t of [batch, length, features].
func position(x, t *graph.Node) *graph.Node {
	d, zero := x.Shape().Dimensions, graph.Const(x.Graph(), int32(0))
	return graph.Reshape(graph.DynamicSlice(x, []*graph.Node{zero, t, zero}, []int{d[0], 1, d[2]}), d[0], d[2])
}

func setPosition(x, t, to *graph.Node) *graph.Node {
	d, zero := x.Shape().Dimensions, graph.Const(x.Graph(), int32(0))
	return graph.DynamicUpdateSlice(x, graph.Reshape(to, d[0], 1, d[2]), []*graph.Node{zero, t, zero})
}
