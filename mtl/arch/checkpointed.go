package arch

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Checkpointed keeps the inputs and the output of a trunk for the backward pass and computes what lies between once more when its gradient is due (Chen et al., "Training
// Deep Nets with Sublinear Memory Cost", 2016). The values and the gradients are the trunk's. It costs one more forward pass through
// the trunk for each backward pass, so one a task for a gradient method on all shared parameters. A single Checkpointed around everything saves nothing:
// use several in a Sequence, each for some layers. Backends without barriers, as the pure-Go one, train the trunk as it is.
type Checkpointed struct {
	Trunk Trunk
}

// Represent implements Trunk.
func (c Checkpointed) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	if c.Trunk == nil || len(inputs) == 0 {
		panicf("arch.Checkpointed has trunk %v and %d inputs; wanted a trunk and at least one input", c.Trunk, len(inputs))
	}
	operations := inputs[0].Graph().Backend().Capabilities().Operations
	if !operations[compute.OpTypeOptimizationBarrier] || !operations[compute.OpTypeSchedulingBarrier] {
		return c.Trunk.Represent(scope, inputs)
	}
	kept := make([]*graph.Node, len(inputs))
	for i, x := range inputs {
		kept[i] = x.Checkpoint()
	}
	return c.Trunk.Represent(scope, kept).StopCheckpoint()
}
