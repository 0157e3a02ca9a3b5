package arch

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// CrossStitch gives each task a tower of stages. After each stage l, what goes on in the tower of task t is a learnt combination of what all towers
// made, x_t = Σ_j α^l_tj·h_j (Misra, Shrivastava, Gupta and Hebert, "Cross-stitch Networks for Multi-task Learning", CVPR 2016). It begins with α_tt
// = 0.9 and 0.1 in equal parts for the others: towers nearly of their own.
//
// All variables are shared: the towers, "shared/tower_NAME", and α, "shared/stitch_0/alpha", .... Training records α as quantities "stitch/stage_0",
// ..., rows the tasks that get, columns those that give; where each channel has its own, their mean.
type CrossStitch struct {
	// Stages of each tower, at least one.
	Stages []Trunk
	// Own is α_tt at the start; 0 means 0.9. 1 begins with towers that share nothing.
	Own float64
	// PerChannel gives each channel, of the last axis, an α of its own.
	PerChannel bool
}

// Features implements mtl.Architecture.
func (a CrossStitch) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	own, other := ownShare("arch.CrossStitch", a.Own, len(tasks))
	return fusedTowers("arch.CrossStitch", "stitch", scope, inputs, tasks, a.Stages, func(scope *model.Scope, level int, features []*graph.Node) []*graph.Node {
		shape := features[0].Shape()
		dims, equation := []int{len(tasks), len(tasks)}, "ij,jnc->inc"
		if a.PerChannel {
			dims, equation = append(dims, shape.Dim(-1)), "ijc,jnc->inc"
		}
		alpha := mtl.TaskVariable(scope.WithInitializer(ownBiased(own, other)), "alpha", shapes.Make(shape.DType, dims...), namesOf(tasks), 0, 1).NodeValue(features[0].Graph())
		mean := alpha
		if a.PerChannel {
			mean = graph.ReduceMean(alpha, -1)
		}
		mtl.Report(alpha.Graph(), history.Quantity{Name: fmt.Sprintf("stitch/stage_%d", level), Rows: namesOf(tasks), Columns: namesOf(tasks)}, mean)
		rows := graph.Reshape(graph.Stack(features, 0), len(tasks), -1, shape.Dim(-1))
		return apart(graph.Einsum(equation, alpha, rows), shape)
	})
}

// apart returns the T parts of [T, ...], each of the shape.
func apart(all *graph.Node, shape shapes.Shape) []*graph.Node {
	parts := make([]*graph.Node, all.Shape().Dim(0))
	for i := range parts {
		parts[i] = graph.ReshapeWithShape(graph.SliceAxis(all, 0, graph.AxisElem(i)), shape)
	}
	return parts
}
