package arch

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// NDDR gives each task a tower of stages. After each stage, what goes on in the tower of task t is ReLU(BN(Σ_j W_tj·h_j)), a 1×1 convolution (a dense
// layer for vectors) on the features of all towers, joined: neural discriminative dimensionality reduction (Gao, Ma, Zhao, Liu and Yuille, "NDDR-CNN:
// Layerwise Feature Fusing in Multi-Task CNNs by Neural Discriminative Dimensionality Reduction", CVPR 2019). It is CrossStitch with a matrix of all
// channels in place of a number. W_tt begins as 0.9 times the unit matrix, W_tj as 0.1 times, in equal parts where there are several others.
//
// All variables are shared: the towers, "shared/tower_NAME", and the layers, "shared/nddr_0", .... Training records ‖W_tj‖ divided by that of the
// unit matrix as quantities "nddr/stage_0", ..., rows the tasks that get, columns those that give.
type NDDR struct {
	// Stages of each tower, at least one.
	Stages []Trunk
	// Own is the factor of W_tt at the start; 0 means 0.9. 1 begins with towers that share nothing.
	Own float64
	// Normalization nil means BatchNorm. There is no bias.
	Normalization Normalization
	// Activation nil means ReLU.
	Activation Activation
}

// Features implements mtl.Architecture.
func (a NDDR) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	own, other := ownShare("arch.NDDR", a.Own, len(tasks))
	l := layer{activation: a.Activation, normalization: a.Normalization}
	if l.normalization == nil {
		l.normalization = BatchNorm
	}
	return fusedTowers("arch.NDDR", "nddr", scope, inputs, tasks, a.Stages, func(scope *model.Scope, level int, features []*graph.Node) []*graph.Node {
		shape, t := features[0].Shape(), len(tasks)
		channels := shape.Dim(-1)
		initialize := func(g *graph.Graph, shape shapes.Shape) *graph.Node {
			return graph.Where(agree(g, shape, 2, 3), ownBiased(own, other)(g, shape), filled(g, shape, 0))
		}
		// To task, from task, from channel, to channel.
		weights := mtl.TaskVariable(scope.WithInitializer(initialize), "weights", shapes.Make(shape.DType, t, t, channels, channels), namesOf(tasks), 0, 1).NodeValue(features[0].Graph())
		norms := graph.DivScalar(graph.Sqrt(graph.ReduceSum(graph.Square(graph.StopGradient(weights)), 2, 3)), math.Sqrt(float64(channels)))
		mtl.Report(weights.Graph(), history.Quantity{Name: fmt.Sprintf("nddr/stage_%d", level), Rows: namesOf(tasks), Columns: namesOf(tasks)}, norms)
		joined := graph.Reshape(graph.Concatenate(features, -1), -1, t*channels)
		parts := apart(graph.Einsum("nf,tfc->tnc", joined, graph.Reshape(weights, t, t*channels, channels)), shape)
		for i, task := range tasks {
			at := scope.At("%s", mtl.ScopeName(task.Name))
			parts[i] = l.activate(at, l.normalize(at, parts[i]))
		}
		return parts
	})
}
