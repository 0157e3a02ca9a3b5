package arch

import (
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// passKey is the graph's parameter that holds the pass which is being built, a *taskPass.
const passKey = "/arch_task_pass"

// taskPass is a task's own pass through a shared trunk: what it puts into the trunk's layers, with variables of the task.
type taskPass struct {
	shared, own *model.Scope
	// add changes the output y of a dense layer or convolution; project builds one more from the same input, with so many outputs and no bias.
	add func(at *model.Scope, y *graph.Node, project func(at *model.Scope, outputs int) *graph.Node) *graph.Node
	// adapt changes the output of a unit: a layer of Dense, a unit of Conv or Residual, a sublayer of Transformer.
	adapt func(at *model.Scope, y *graph.Node) *graph.Node
	// choose tells whether a layer, named by its path below the trunk, is changed; nil means all.
	choose func(layer string) bool
	// again is set after the first task's pass: the trunk's regularisation counts once.
	again bool
	count int
}

// passes builds one pass a task, whose changes are what start returns, with variables under "task/NAME/" and below. Each must change a layer.
func passes(name string, trunk Trunk, scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task, below string, start func() *taskPass) []*graph.Node {
	if trunk == nil {
		panicf("%s has no trunk: set Trunk, for example to arch.Dense{Widths: []int{64}}", name)
	}
	if len(inputs) == 0 {
		panicf("%s got no inputs", name)
	}
	g := inputs[0].Graph()
	features := make([]*graph.Node, len(tasks))
	for i := range tasks {
		p := start()
		p.again = i > 0
		p.shared = scope.At(mtl.SharedScope)
		p.own = ofTask(scope, tasks[i]).At("%s", below)
		model.SetGraphParam(g, passKey, p)
		features[i] = trunk.Represent(p.shared, inputs)
		model.SetGraphParam(g, passKey, (*taskPass)(nil))
		if p.count == 0 {
			panicf("%s changes no layer of %T: it works on the dense layers and convolutions of package arch (in Dense, Conv, Residual, UNet, "+
				"FPN, GRU, LSTM, Transformer); a choice of layers must leave at least one", name, trunk)
		}
	}
	return features
}

// passOf returns the pass that is being built, or nil, and the scope of the task's variables for the layer at scope.
func passOf(scope *model.Scope, g *graph.Graph) (*taskPass, *model.Scope) {
	kept, _ := model.GetGraphParam(g, passKey)
	p, _ := kept.(*taskPass)
	if p == nil {
		return nil, nil
	}
	layer := strings.TrimPrefix(strings.TrimPrefix(scope.Scope(), p.shared.Scope()), "/")
	if p.choose != nil && !p.choose(layer) {
		return nil, nil
	}
	at := p.own
	for _, part := range strings.FieldsFunc(layer, func(r rune) bool { return r == '/' }) {
		at = at.At("%s", part)
	}
	return p, at
}

// regularized tells whether the weights at scope are not those of a trunk whose regularisation an earlier pass has added.
func regularized(scope *model.Scope, g *graph.Graph) bool {
	kept, _ := model.GetGraphParam(g, passKey)
	p, _ := kept.(*taskPass)
	return p == nil || !p.again || !strings.HasPrefix(scope.Scope(), p.shared.Scope()+"/")
}

// addTo gives the task whose pass is built, if any, the output y of a dense layer or convolution to change.
func addTo(scope *model.Scope, y *graph.Node, project func(at *model.Scope, outputs int) *graph.Node) *graph.Node {
	p, at := passOf(scope, y.Graph())
	if p == nil || p.add == nil {
		return y
	}
	p.count++
	return p.add(at, y, project)
}

// adapt gives the task whose pass is built, if any, the output y of a unit to change.
func adapt(scope *model.Scope, y *graph.Node) *graph.Node {
	p, at := passOf(scope, y.Graph())
	if p == nil || p.adapt == nil {
		return y
	}
	p.count++
	return p.adapt(at, y)
}
