package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// LoRA gives each task its own low-rank change of the weights of a shared trunk: W_t = W + (α/r)·A_t·B_t in each dense layer, with A_t [in, r]
// normal at random and B_t [r, out] zero, so that all tasks start as the trunk (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models",
// ICLR 2022, section 4.1). A convolution's A_t is a convolution of the same kernel and stride to r channels and its B_t one of 1×1.
// There is one pass through the trunk a task, so it costs as much as a network per task, but stores r·(in + out) numbers a task and layer.
//
// The trunk's own variables stay in scope "shared" and are meant to be frozen, with mtl.Freeze(store, "shared"), after a model that was trained
// or loaded before; unfrozen, they are trained by all tasks. A_t and B_t are "task/NAME/lora/LAYER/a" and ".../b".
type LoRA struct {
	// Trunk is one of this package, or a Sequence or TrunkFunc with one of them inside.
	Trunk Trunk
	// Rank r; 0 means 4.
	Rank int
	// Alpha is α; 0 means Rank, a factor of 1.
	Alpha float64
	// Layers tells which dense layers and convolutions are changed, by their path below "shared", such as "layer_0" of Dense or
	// "layer_0/attention/query" of Transformer; nil means all.
	Layers func(layer string) bool
}

// Features implements mtl.Architecture.
func (a LoRA) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	rank, alpha := orDefault(a.Rank, 4), a.Alpha
	if alpha == 0 {
		alpha = float64(rank)
	}
	if rank < 0 || !(alpha > 0) {
		panicf("arch.LoRA has Rank %d and Alpha %v; wanted no negative number", a.Rank, a.Alpha)
	}
	return passes("arch.LoRA", a.Trunk, scope, inputs, tasks, "lora", func() *taskPass {
		return &taskPass{choose: a.Layers, add: func(at *model.Scope, y *graph.Node, project func(*model.Scope, int) *graph.Node) *graph.Node {
			low := project(at.At("a"), rank)
			change := layers.Dense(at.At("b").WithInitializer(initializer.Zero), low, false, y.Shape().Dim(-1))
			return graph.Add(y, graph.MulScalar(change, alpha/float64(rank)))
		}}
	})
}
