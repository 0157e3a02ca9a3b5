package arch

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// recurrent is what GRU and LSTM have in common: the projection of all inputs at once, then one step a position, each with nodes of its own.
type recurrent struct {
	name         string
	width, gates int
	initializer  Initializer
}

// step makes the next states [batch, width], the first of which is the output, of the projected input [batch, gates·width] and that of the state.
type step func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node

func (r recurrent) represent(scope *model.Scope, x, mask *graph.Node, states int, each step) *graph.Node {
	if r.width < 1 {
		panicf("%s has width %d; wanted 1 or more", r.name, r.width)
	}
	checkSequence(r.name, x, mask)
	g, batch, length := x.Graph(), x.Shape().Dim(0), x.Shape().Dim(1)
	inputs := layer{trunk: scope, initializer: r.initial}.dense(scope.At("input"), x, r.gates*r.width)
	at := scope.At("state").WithInitializer(r.initial(scope))
	weights := at.VariableWithShape("weights", shapes.Make(x.DType(), r.width, r.gates*r.width)).NodeValue(g)

	state, outputs := make([]*graph.Node, states), make([]*graph.Node, length)
	for i := range state {
		state[i] = graph.Zeros(g, shapes.Make(x.DType(), batch, r.width))
	}
	for t := range length {
		position := graph.AxisElem(t)
		next := each(graph.Squeeze(graph.SliceAxis(inputs, 1, position), 1), graph.Dot(state[0], weights).Product(), state)
		for i := range state {
			if mask != nil {
				real := graph.BroadcastToDims(graph.SliceAxis(mask, 1, position), batch, r.width)
				next[i] = graph.Where(real, next[i], state[i])
			}
			state[i] = next[i]
		}
		outputs[t] = state[0]
	}
	return graph.Stack(outputs, 1)
}

// initial is the initialiser that was given, or uniform within ±1/√width.
func (r recurrent) initial(scope *model.Scope) model.VariableInitializer {
	if r.initializer != nil {
		return r.initializer(scope)
	}
	bound := 1 / math.Sqrt(float64(r.width))
	return initializer.RandomUniformFn(scope, -bound, bound)
}

// part returns the i-th block of so many columns.
func part(x *graph.Node, i, width int) *graph.Node {
	return graph.SliceAxis(x, -1, graph.AxisRange(i*width, (i+1)*width))
}
