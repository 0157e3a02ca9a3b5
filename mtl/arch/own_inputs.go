package arch

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// OwnInputs is an architecture for tasks that each have inputs of their own, of one shape, such as each its own examples: inputs are [batch, T, ...], and task t is about
// row t. The architecture sees all rows as one batch [batch·T, ...], so shared layers make one pass for all tasks, and layers of a task see the rows of the others, too.
type OwnInputs struct {
	Arch mtl.Architecture
	// Rows names the task of each row; nil means the model's tasks, in order.
	Rows []string
}

// Features implements mtl.Architecture.
func (a OwnInputs) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Arch == nil {
		panicf("arch.OwnInputs has no architecture: set Arch, for example to arch.HardSharing{...}")
	}
	rows := a.Rows
	if rows == nil {
		rows = namesOf(tasks)
	}
	flat := make([]*graph.Node, len(inputs))
	for i, x := range inputs {
		if x.Rank() < 3 || x.Shape().Dim(1) != len(rows) {
			panicf("input %d of arch.OwnInputs is %s; wanted [batch, tasks, ...] with a row for each of %q", i, x.Shape(), rows)
		}
		flat[i] = graph.Reshape(x, append([]int{-1}, x.Shape().Dimensions[2:]...)...)
	}
	features := a.Arch.Features(scope, flat, tasks)
	batch := inputs[0].Shape().Dim(0)
	for i, h := range features {
		row := slices.Index(rows, tasks[i].Name)
		if row < 0 {
			panicf("arch.OwnInputs has no row for task %q; it has %q", tasks[i].Name, rows)
		}
		dims := h.Shape().Dimensions[1:]
		h = graph.Reshape(h, append([]int{batch, len(rows)}, dims...)...)
		features[i] = graph.Reshape(graph.SliceAxis(h, 1, graph.AxisElem(row)), append([]int{batch}, dims...)...)
	}
	return features
}
