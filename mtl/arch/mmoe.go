package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// MMoE is the multi-gate mixture of experts: h_t = Σ_i softmax(W_t·g)_i·E_i(x), with experts E_i that all tasks share and a gate for each task (Ma et al.,
// "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", KDD 2018). The experts and the bottom are shared variables, each
// gate is its task's own. Training records the gates, averaged over the batch, as quantity "gate/level_0".
type MMoE struct {
	// Bottom is a shared trunk before the experts, such as the convolutions of a model of pictures; nil means that the experts get the model's inputs.
	Bottom Trunk
	// Expert is what each expert is. Those of an arch.Dense are computed together, as one batched matrix product a layer; of any other trunk one is
	// built for each.
	Expert Trunk
	// Experts is how many there are; 0 means 8.
	Experts int
	// Gate makes the input g of the gates; nil means what the experts get, flattened, and for feature maps their mean over the pixels.
	Gate GateInput
}

// Features implements mtl.Architecture.
func (m MMoE) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	return m.mixture("arch.MMoE", scope, inputs, tasks, func(scope *model.Scope, input func() *graph.Node, outputs *graph.Node) *graph.Node {
		return softmaxGate(scope, input(), outputs.Shape().Dim(1))
	})
}

// gate returns the weights of experts, whose outputs are [batch, experts, ...]: [batch, experts] or, where all examples have the same, [1, experts].
type gate func(scope *model.Scope, input func() *graph.Node, outputs *graph.Node) *graph.Node

func (m MMoE) mixture(what string, scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task, weigh gate) []*graph.Node {
	count := orDefault(m.Experts, 8)
	if m.Expert == nil || count < 1 {
		panicf("%s has %d experts of %T; wanted 1 or more of a trunk: set Expert, for example to arch.Dense{Widths: []int{16}}", what, count, m.Expert)
	}
	x := bottomOf(scope, m.Bottom, inputs)
	outputs := experts(scope.At(mtl.SharedScope).At("experts"), m.Expert, count, x)
	features, means := make([]*graph.Node, len(tasks)), make([]*graph.Node, len(tasks))
	for t, task := range tasks {
		at := ofTask(scope, task).At("gate")
		weights := weigh(at, func() *graph.Node { return m.Gate.of(at, inputs, x) }, outputs)
		features[t], means[t] = mix(weights, outputs), graph.ReduceMean(weights, 0)
	}
	reportGates(0, namesOf(tasks), numbered("expert", count), means)
	return features
}
