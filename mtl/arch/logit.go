package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// LogitHead is the head of tasks whose architecture makes the logit itself, such as ESMM and Calibrated: predictions are what the architecture made,
// [batch].
//
//	mtl.Binary("click", mtl.WithHead(arch.LogitHead{}))
type LogitHead struct{}

// Predict implements mtl.Head.
func (LogitHead) Predict(_ *model.Scope, features *graph.Node) *graph.Node {
	if features.Rank() != 1 {
		panicf("arch.LogitHead got %s; wanted logits [batch], as of arch.ESMM and arch.Calibrated", features.Shape())
	}
	return features
}

// logitsOf makes a logit of each task's features, [batch], by a dense layer of the task's own, under "task/NAME/logit".
func logitsOf(what string, a mtl.Architecture, scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a == nil {
		panicf("%s has no architecture: set Arch, for example to arch.Branched{Trunk: ..., Own: ...}", what)
	}
	logits := a.Features(scope, inputs, tasks)
	for i, task := range tasks {
		if _, ok := task.Head.(LogitHead); !ok {
			panicf("task %q has a head of %T, but %s makes its logit: give it mtl.WithHead(arch.LogitHead{})", task.Name, task.Head, what)
		}
		logits[i] = graph.Reshape(layers.DenseWithBias(ofTask(scope, task).At("logit"), mtl.Flatten(logits[i]), 1), -1)
	}
	return logits
}
