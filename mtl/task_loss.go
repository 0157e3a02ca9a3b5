package mtl

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// mask returns the boolean mask of labelled entries, shaped like labels, or nil when every entry is labelled.
// given is nil, [batch], or shaped like labels.
func (t *Task) mask(labels, given *graph.Node) *graph.Node {
	var mask *graph.Node
	if given != nil {
		mask = broadcastMask(t.Name, given, labels)
	}
	if t.IgnoreLabel != nil {
		known := graph.NotEqual(labels, graph.Scalar(labels.Graph(), labels.DType(), *t.IgnoreLabel))
		if mask == nil {
			return known
		}
		mask = graph.LogicalAnd(mask, known)
	}
	return mask
}

func broadcastMask(task string, mask, labels *graph.Node) *graph.Node {
	if mask.Rank() > labels.Rank() || !slices.Equal(mask.Shape().Dimensions, labels.Shape().Dimensions[:mask.Rank()]) {
		panicf("task %q: the mask is shaped %s; wanted [batch] or the shape of the labels, %s", task, mask.Shape(), labels.Shape())
	}
	for mask.Rank() < labels.Rank() {
		mask = graph.InsertAxes(mask, -1)
	}
	return graph.BroadcastToDims(mask, labels.Shape().Dimensions...)
}

// LossOver returns the task's mean loss over the labelled entries and 1 when there is any, both scalars. A batch without a label gives a loss
// of 0 without gradient. mask is nil or boolean, shaped like labels.
//
// The loss sees the first labelled entry and its prediction in every entry that is not labelled, and no gradient leaves these: what it is for an unknown label, or whether
// it is anything, does not matter.
func (t *Task) LossOver(labels, mask, predictions *graph.Node) (value, active *graph.Node) {
	if mask == nil {
		value = t.loss([]*graph.Node{labels}, predictions)
		return value, graph.ScalarOne(value.Graph(), value.DType())
	}
	some := graph.LogicalAny(mask)
	labels, predictions = filled(labels, mask), filled(predictions, likePredictions(mask, predictions))
	// Without any label the mean would be 0/0: it is taken over all entries and not used.
	mask = graph.LogicalOr(mask, graph.BroadcastToDims(graph.LogicalNot(some), mask.Shape().Dimensions...))
	value = t.loss([]*graph.Node{labels, mask}, predictions)
	return graph.Where(some, value, graph.ZerosLike(value)), graph.ConvertDType(some, value.DType())
}

// loss calls the task's loss; what goes wrong names the task.
func (t *Task) loss(labels []*graph.Node, predictions *graph.Node) (value *graph.Node) {
	err := try(func() { value = t.Loss(labels, []*graph.Node{predictions}) })
	if err != nil {
		panicf("task %q: its loss cannot take labels %s and predictions %s: %v", t.Name, labels[0].Shape(), predictions.Shape(), err)
	}
	if value == nil || !value.IsScalar() {
		panicf("task %q: its loss returned %v; wanted a scalar, the mean over the labelled entries", t.Name, value)
	}
	return value
}

// aligned gives labels, and a mask that is shaped like them, the shape that goes with the predictions where they differ in a last axis of 1: [batch, 1] and [batch].
func (t *Task) aligned(labels, mask, predictions *graph.Node) (y, known *graph.Node) {
	dims := predictions.Shape().Dimensions
	switch t.Kind {
	case KindClassification, KindSegmentation:
		dims = dims[:max(0, len(dims)-1)]
	case KindBinary, KindMultiLabel, KindRegression, KindPixelRegression:
	default:
		return labels, mask
	}
	have := labels.Shape().Dimensions
	if !slices.Equal(have, append(slices.Clone(dims), 1)) && !slices.Equal(append(slices.Clone(have), 1), dims) {
		return labels, mask
	}
	if mask != nil {
		mask = graph.Reshape(mask, dims...)
	}
	return graph.Reshape(labels, dims...), mask
}

// likePredictions is the mask of labels as one of predictions: with an entry for each where the labels' axes are the first of the predictions', or both are of one size,
// and else one for each example that has any label.
func likePredictions(mask, predictions *graph.Node) *graph.Node {
	have, want := mask.Shape().Dimensions, predictions.Shape().Dimensions
	switch {
	case len(have) <= len(want) && slices.Equal(have, want[:len(have)]):
		return mask
	case mask.Shape().Size() == predictions.Shape().Size():
		return graph.Reshape(mask, want...)
	}
	return graph.ReduceLogicalOr(graph.Reshape(mask, have[0], -1), -1)
}

// filled is x with the first known entry in all that are not, without gradient. The mask's axes are the first of x's. Without any known entry they are all the first one.
func filled(x, mask *graph.Node) *graph.Node {
	entries, dims := mask.Shape().Size(), x.Shape().Dimensions
	flat := graph.Reshape(x, entries, -1)
	known := graph.Reshape(mask, entries)
	first := graph.ArgMax(graph.ConvertDType(known, dtypes.Int32), 0, dtypes.Int32)
	safe := graph.Gather(graph.StopGradient(flat), graph.Reshape(first, 1, 1))
	known = graph.BroadcastToDims(graph.InsertAxes(known, -1), flat.Shape().Dimensions...)
	return graph.Reshape(graph.Where(known, flat, graph.BroadcastToDims(safe, flat.Shape().Dimensions...)), dims...)
}
