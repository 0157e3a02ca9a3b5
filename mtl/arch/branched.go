package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Branched shares the early layers and gives each task late ones: h_t = Own_t(Trunk(x)), with the variables of Own under "task/NAME/trunk".
// How many layers lie in Trunk and how many in Own sets how much is shared, between HardSharing and a network per task (which a nil Trunk is).
type Branched struct {
	// Trunk is shared; nil means that each task's own trunk gets the inputs.
	Trunk Trunk
	// Own is built once for each task.
	Own Trunk
}

// Features implements mtl.Architecture.
func (a Branched) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Own == nil {
		panicf("arch.Branched has no trunk for each task: set Own, for example to arch.Dense{Widths: []int{32}}, or use arch.HardSharing")
	}
	if a.Trunk != nil {
		inputs = []*graph.Node{a.Trunk.Represent(scope.At(mtl.SharedScope), inputs)}
	}
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = a.Own.Represent(ofTask(scope, tasks[i]).At("trunk"), inputs)
	}
	return features
}
