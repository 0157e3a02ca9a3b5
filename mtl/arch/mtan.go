package arch

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// MTAN is the multi-task attention network: one backbone for all, from whose features each task takes what it attends to, stage by stage (Liu, Johns
// and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019). With u^l and p^l the features after the first and the second part of
// stage l, the task's features are
//
//	a^l_t = m^l_t ⊙ p^l    m^l_t = sigmoid(BN(W₂·ReLU(BN(W₁·[u^l; f^l(a^{l-1}_t)]))))    f^l = ReLU(BN(3×3 convolution))
//
// with matrices W on the channels (1×1 convolutions, dense layers for vectors), and only u^0 in stage 0. The head gets a of the last stage. Where a
// stage shrinks the map f does by the stride of its convolution: the paper's max-pooling has no gradient in the pure-Go backend. For vectors f is a
// dense layer.
//
// The backbone, "shared/stage_0", ..., and f, "shared/next_1", ..., which as in the paper is the same for all tasks, are shared; the attention
// modules are their tasks' own, "task/NAME/attention_0", .... Training records the masks' means over the batch as quantity "attention", rows the
// tasks, columns the stages.
type MTAN struct {
	// Stages of the backbone, all on maps or all on vectors; at least one.
	Stages []AttentionStage
	// Normalization nil means BatchNorm.
	Normalization Normalization
}

// AttentionStage is a stage of MTAN's backbone.
type AttentionStage struct {
	// First makes u of the inputs or of the p of the stage before. What shrinks the map belongs here.
	First Trunk
	// Second makes p of u, on a map of the same size; nil means p = u.
	Second Trunk
}

// Features implements mtl.Architecture.
func (a MTAN) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if len(a.Stages) == 0 {
		panicf("arch.MTAN has no stages: wanted at least one, for example {First: arch.Conv{...}, Second: arch.Conv{...}}")
	}
	if a.Normalization == nil {
		a.Normalization = BatchNorm
	}
	shared := scope.At(mtl.SharedScope)
	var features, means []*graph.Node
	for level, stage := range a.Stages {
		if stage.First == nil {
			panicf("stage %d of arch.MTAN has no First: wanted a trunk", level)
		}
		at := shared.At("stage_%d", level)
		u := stage.First.Represent(at.At("first"), inputs)
		p := u
		if stage.Second != nil {
			p = stage.Second.Represent(at.At("second"), []*graph.Node{u})
		}
		if !slices.Equal(spatial(u), spatial(p)) {
			panicf("stage %d of arch.MTAN makes %s of %s in Second; wanted a map of the same size: put strides in First", level, p.Shape(), u.Shape())
		}
		into := make([]*graph.Node, len(tasks)) // the attention modules
		for i := range into {
			into[i] = u
		}
		if features != nil {
			for i, x := range a.next(shared.At("next_%d", level), level, features, u) {
				into[i] = graph.Concatenate([]*graph.Node{u, x}, -1)
			}
		}
		features = make([]*graph.Node, len(tasks))
		for i, task := range tasks {
			own := ofTask(scope, task).At("attention_%d", level)
			l := layer{trunk: own, normalization: a.Normalization}
			channelwise := func(name string, x *graph.Node) *graph.Node {
				at := own.At("%s", name)
				return l.normalize(at, l.dense(at, x, p.Shape().Dim(-1)))
			}
			mask := graph.Sigmoid(channelwise("mask", ReLU(channelwise("hidden", into[i]))))
			features[i] = graph.Mul(mask, p)
			means = append(means, graph.ReduceAllMean(mask))
		}
		inputs = []*graph.Node{p}
	}
	g, stages := features[0].Graph(), len(a.Stages)
	mtl.Report(g, history.Quantity{Name: "attention", Rows: namesOf(tasks), Columns: numbered("stage", stages)},
		graph.Transpose(graph.Reshape(graph.Stack(means, 0), stages, len(tasks)), 0, 1))
	return features
}

// next is f of all tasks, as one batch: as many channels as u, on a map of its size.
func (a MTAN) next(scope *model.Scope, level int, features []*graph.Node, u *graph.Node) []*graph.Node {
	from, to := spatial(features[0]), spatial(u)
	all := graph.Concatenate(features, 0)
	l, channels := layer{trunk: scope, normalization: a.Normalization}, u.Shape().Dim(-1)
	switch {
	case len(from) != len(to):
		panicf("stage %d of arch.MTAN makes %s of %s; wanted stages all on maps or all on vectors", level, u.Shape(), features[0].Shape())
	case len(to) == 0:
		all = l.dense(scope, all, channels)
	default:
		stride := (from[0] + to[0] - 1) / to[0]
		for k := range from {
			if (from[k]+stride-1)/stride != to[k] {
				panicf("stage %d of arch.MTAN shrinks the map from %v to %v; wanted one stride for all axes, with zeros around the map", level, from, to)
			}
		}
		all = l.convolution(scope, all, channels, 3, stride)
	}
	all = ReLU(l.normalize(scope, all))
	batch := u.Shape().Dim(0)
	parts := make([]*graph.Node, len(features))
	for i := range parts {
		parts[i] = graph.SliceAxis(all, 0, graph.AxisRange(i*batch, (i+1)*batch))
	}
	return parts
}

// spatial returns the sizes between batch and channels.
func spatial(x *graph.Node) []int {
	dims := x.Shape().Dimensions
	if len(dims) < 2 {
		panicf("a stage of arch.MTAN makes %s; wanted [batch, features] or [batch, height, width, channels]", x.Shape())
	}
	return dims[1 : len(dims)-1]
}
