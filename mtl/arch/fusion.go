package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// fuse makes the features of all tasks' towers after a stage, [T] of one shape, into those that go on. Its variables go under scope.
type fuse func(scope *model.Scope, level int, features []*graph.Node) []*graph.Node

// fusedTowers builds a tower of the stages for each task, under "shared/tower_NAME/stage_0", ..., with fusion after each stage, under
// "shared/NAME_0", .... All is shared: after the first fusion every task's loss reaches every tower.
func fusedTowers(what, name string, scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task, stages []Trunk, fuse fuse) []*graph.Node {
	if len(stages) == 0 {
		panicf("%s has no stages: wanted at least one trunk, for example arch.Dense{Widths: []int{64}}", what)
	}
	shared := scope.At(mtl.SharedScope)
	features := make([]*graph.Node, len(tasks))
	for level, stage := range stages {
		if stage == nil {
			panicf("stage %d of %s is nil; wanted a trunk", level, what)
		}
		for i, task := range tasks {
			from := inputs
			if level > 0 {
				from = []*graph.Node{features[i]}
			}
			features[i] = stage.Represent(towerOf(shared, task).At("stage_%d", level), from)
			if !features[i].Shape().Equal(features[0].Shape()) {
				panicf("stage %d of %s makes %s for task %q and %s for task %q; wanted one shape for all", level, what,
					features[0].Shape(), tasks[0].Name, features[i].Shape(), task.Name)
			}
		}
		if len(tasks) > 1 {
			features = fuse(shared.At("%s_%d", name, level), level, features)
		}
	}
	return features
}

// ownShare returns how much of a task's features comes from its own tower at first, and from each other one: share, 0 meaning 0.9, and the others the
// rest in equal parts.
func ownShare(what string, share float64, tasks int) (own, other float64) {
	if share == 0 {
		share = 0.9
	}
	if !(share > 0 && share <= 1) {
		panicf("%s has Own %v; wanted a share above 0, at most 1, or 0 for the standard one", what, share)
	}
	return share, (1 - share) / float64(tasks-1)
}

// ownBiased initialises [T, T, ...] with own where the first two indices agree, and other elsewhere.
func ownBiased(own, other float64) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		return graph.Where(agree(g, shape, 0, 1), filled(g, shape, own), filled(g, shape, other))
	}
}

// agree is true where the indices along two axes are equal.
func agree(g *graph.Graph, shape shapes.Shape, first, second int) *graph.Node {
	indices := shapes.Make(dtypes.Int32, shape.Dimensions...)
	return graph.Equal(graph.Iota(g, indices, first), graph.Iota(g, indices, second))
}

func filled(g *graph.Graph, shape shapes.Shape, value float64) *graph.Node {
	return graph.BroadcastToDims(graph.Scalar(g, shape.DType, value), shape.Dimensions...)
}
