package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// HardSharing gives every task the same representation, h = Trunk(x): hard parameter sharing (Caruana, "Multitask Learning", 1997). All
// variables of the trunk are shared. With one task it is the single-task baseline.
type HardSharing struct {
	Trunk Trunk
}

// Features implements mtl.Architecture.
func (a HardSharing) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Trunk == nil {
		panicf("arch.HardSharing has no trunk: set Trunk, for example to arch.Dense{Widths: []int{64}}")
	}
	h := a.Trunk.Represent(scope.At(mtl.SharedScope), inputs)
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = h
	}
	return features
}
