package metric

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// visible is x as float64 with zeros where the mask is false. What the mask hides may be anything, NaN too.
func visible(x, mask *graph.Node) *graph.Node {
	x = graph.ConvertDType(x, dtypes.Float64)
	return graph.Where(mask, x, graph.ZerosLike(x))
}

// isNaN is where a prediction is not a number.
func isNaN(prediction *graph.Node) *graph.Node { return graph.IsNaN(prediction) }

// anyNaN is where a logit of an entry, along the last axis, is not a number.
func anyNaN(logits *graph.Node) *graph.Node { return graph.LogicalAny(isNaN(logits), -1) }

// count is the number of entries whose mask is true, as float64.
func count(mask *graph.Node) *graph.Node {
	return graph.ReduceAllSum(graph.ConvertDType(mask, dtypes.Float64))
}

// vector joins scalars to a vector.
func vector(scalars ...*graph.Node) *graph.Node {
	return graph.Stack(scalars, 0)
}

// mean is sums[0] / sums[1], NaN where nothing was counted.
func mean(sums []float64) float64 {
	if sums[1] == 0 {
		return math.NaN()
	}
	return sums[0] / sums[1]
}

// hasNaN is true of the sums of a batch with a prediction that is not a number.
func hasNaN(sums []float64) bool { return slices.ContainsFunc(sums, math.IsNaN) }

// checkClasses panics unless label is integer [batch, ...], mask boolean of that shape and prediction [batch, ..., classes].
func checkClasses(name string, label, mask, prediction *graph.Node) {
	checkMask(name, label, mask)
	dims := prediction.Shape().Dimensions
	if !label.DType().IsInt() || len(dims) == 0 || !slices.Equal(label.Shape().Dimensions, dims[:len(dims)-1]) {
		exceptions.Panicf("mtl: metric %s wants integer labels [batch, ...] and logits [batch, ..., classes], got labels %s and logits %s; "+
			"labels are class indices, not one-hot", name, label.Shape(), prediction.Shape())
	}
}

// checkSame panics unless label and prediction are floats of one shape and mask is boolean of that shape.
func checkSame(name string, label, mask, prediction *graph.Node) {
	checkMask(name, label, mask)
	if !label.DType().IsFloat() || !prediction.DType().IsFloat() || !slices.Equal(label.Shape().Dimensions, prediction.Shape().Dimensions) {
		exceptions.Panicf("mtl: metric %s wants float labels and predictions of one shape, got labels %s and predictions %s; "+
			"a head with one output should end in [batch], not [batch, 1]", name, label.Shape(), prediction.Shape())
	}
}

// checkMask panics unless mask is boolean and shaped like label.
func checkMask(name string, label, mask *graph.Node) {
	if mask.DType() != dtypes.Bool || !slices.Equal(label.Shape().Dimensions, mask.Shape().Dimensions) {
		exceptions.Panicf("mtl: metric %s wants a boolean mask shaped like the labels %s, got %s", name, label.Shape(), mask.Shape())
	}
}

// checkCount panics unless the last axis of prediction has as many entries as the metric has classes.
func checkCount(name string, classes int, prediction *graph.Node) {
	if got := prediction.Shape().Dim(-1); got != classes {
		exceptions.Panicf("mtl: metric %s was made for %d classes, the logits %s have %d; set its Classes", name, classes, prediction.Shape(), got)
	}
}
