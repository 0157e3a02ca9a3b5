package arch

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// GateInput makes the input of a task's gate, [batch, features], of the model's inputs and of features, what the task's experts get. Variables go under scope,
// the gate's own. An input of the model:
//
//	func(_ *model.Scope, inputs, _ []*graph.Node) *graph.Node { return inputs[1] }
//
// A hidden layer before the gate:
//
//	func(scope *model.Scope, _, features []*graph.Node) *graph.Node { return arch.Dense{Widths: []int{64}}.Represent(scope, features) }
type GateInput func(scope *model.Scope, inputs, features []*graph.Node) *graph.Node

// of returns the gate's input. Feature maps are averaged over their pixels, because a layer on all pixels would be larger than most experts.
func (in GateInput) of(scope *model.Scope, inputs, features []*graph.Node) *graph.Node {
	if in != nil {
		x := in(scope, inputs, features)
		if x.Rank() != 2 || !x.DType().IsFloat() {
			panicf("the Gate function made a gate's input of %s; wanted floating-point numbers [batch, features]", x.Shape())
		}
		return x
	}
	vectors := make([]*graph.Node, len(features))
	for i, x := range features {
		if !x.DType().IsFloat() {
			panicf("input %d of the experts is %s; a gate needs floating-point numbers: set Gate, or Bottom to a trunk that converts it", i, x.Shape())
		}
		if x.Rank() > 2 {
			x = mtl.SpatialMean(x)
		}
		vectors[i] = mtl.Flatten(x)
	}
	return graph.Concatenate(vectors, -1)
}

// softmaxGate returns weights softmax(W·x), [batch, count], of the experts. As in the papers W has no bias.
func softmaxGate(scope *model.Scope, x *graph.Node, count int) *graph.Node {
	return graph.Softmax(layers.Dense(scope, x, false, count), -1)
}

// mix returns Σ_i gate_i·expert_i, [batch, ...], of a gate [batch, experts] or [1, experts] and outputs [batch, experts, ...].
func mix(gate, outputs *graph.Node) *graph.Node {
	dims := outputs.Shape().Dimensions
	gate = graph.BroadcastToDims(gate, dims[:2]...)
	flat := graph.Reshape(outputs, dims[0], dims[1], -1)
	return graph.Reshape(graph.Einsum("be,beo->bo", gate, flat), append([]int{dims[0]}, dims[2:]...)...)
}

// reportGates records gates averaged over the batch, one [columns] for each row.
func reportGates(level int, rows, columns []string, means []*graph.Node) {
	mtl.Report(means[0].Graph(), history.Quantity{Name: fmt.Sprintf("gate/level_%d", level), Rows: rows, Columns: columns}, graph.Stack(means, 0))
}

// numbered returns "name_0", "name_1", ....
func numbered(name string, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s_%d", name, i)
	}
	return names
}

// ofTask is where a task's own variables go.
func ofTask(scope *model.Scope, task mtl.Task) *model.Scope { return mtl.ScopeOf(scope, task.Name) }

// bottomOf applies an optional trunk, whose variables are shared.
func bottomOf(scope *model.Scope, trunk Trunk, inputs []*graph.Node) []*graph.Node {
	if trunk == nil {
		return inputs
	}
	return []*graph.Node{trunk.Represent(scope.At(mtl.SharedScope).At("bottom"), inputs)}
}

func namesOf(tasks []mtl.Task) []string {
	names := make([]string, len(tasks))
	for i := range tasks {
		names[i] = tasks[i].Name
	}
	return names
}
