package arch

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// cell is what tells GRU and LSTM apart. All functions work on [batch, width] as on [batch, length, width], and on nodes and constants of their own, as a loop's body must.
type cell struct {
	gates, states int
	// next makes the next states, the first of which is the output, of the projected input [..., gates·width], that of the first state, and the states.
	next func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node
	// slopes are the factors that back needs, each [..., width].
	slopes func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node
	// back takes the gradient on the next states to the two projections and, but for the way through the projection, to the states.
	back func(slopes, next []*graph.Node) (input, fromState *graph.Node, states []*graph.Node)
}

// recurrent is what GRU and LSTM have in common: the projection of all inputs at once, then one step a position.
type recurrent struct {
	name        string
	width       int
	offset      int // the gate whose projection of the state has a bias; -1 for none
	initializer Initializer
	cell        cell
}

func (r recurrent) represent(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	if r.width < 1 {
		panicf("%s has width %d; wanted 1 or more", r.name, r.width)
	}
	checkSequence(r.name, x, mask)
	g, columns := x.Graph(), r.cell.gates*r.width
	inputs := layer{trunk: scope, initializer: r.initial}.dense(scope.At("input"), x, columns)
	at := scope.At("state").WithInitializer(r.initial(scope))
	weights := at.VariableWithShape("weights", shapes.Make(x.DType(), r.width, columns)).NodeValue(g)
	biases := graph.Zeros(g, shapes.Make(x.DType(), 1, columns))
	if r.offset >= 0 {
		own := graph.InsertAxes(at.VariableWithShape("biases", shapes.Make(x.DType(), r.width)).NodeValue(g), 0)
		none := graph.Zeros(g, shapes.Make(x.DType(), 1, r.offset*r.width))
		biases = graph.Concatenate([]*graph.Node{none, own}, -1)
	}
	operations := g.Backend().Capabilities().Operations
	if operations[compute.OpTypeDynamicSlice] && operations[compute.OpTypeDynamicUpdateSlice] {
		return r.scan(inputs, weights, biases, mask)
	}
	return r.unroll(inputs, weights, biases, mask)
}

// unroll gives each step nodes of its own, for the pure-Go backend, which has no loops over slices and takes no time to compile.
func (r recurrent) unroll(inputs, weights, biases, mask *graph.Node) *graph.Node {
	batch, length := inputs.Shape().Dim(0), inputs.Shape().Dim(1)
	states, outputs := make([]*graph.Node, r.cell.states), make([]*graph.Node, length)
	for i := range states {
		states[i] = graph.Zeros(inputs.Graph(), shapes.Make(inputs.DType(), batch, r.width))
	}
	for t := range length {
		position := graph.AxisElem(t)
		fromState := graph.Add(graph.Dot(states[0], weights).Product(), biases)
		next := r.cell.next(graph.Squeeze(graph.SliceAxis(inputs, 1, position), 1), fromState, states)
		for i := range next {
			if mask != nil {
				next[i] = graph.Where(graph.BroadcastToDims(graph.SliceAxis(mask, 1, position), batch, r.width), next[i], states[i])
			}
		}
		states, outputs[t] = next, next[0]
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

// part returns the i-th of so many blocks of columns.
func part(x *graph.Node, i, of int) *graph.Node {
	width := x.Shape().Dim(-1) / of
	return graph.SliceAxis(x, -1, graph.AxisRange(i*width, (i+1)*width))
}

func join(parts ...*graph.Node) *graph.Node { return graph.Concatenate(parts, -1) }

// product is the product of several nodes.
func product(x *graph.Node, more ...*graph.Node) *graph.Node {
	for _, y := range more {
		x = graph.Mul(x, y)
	}
	return x
}
