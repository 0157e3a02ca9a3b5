package mtl

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
)

// PixelHead predicts Outputs values per pixel from a feature map [batch, h, w, features]: 1×1 convolutions of each Hidden width with
// activation, one to Upsample²·Outputs channels, then depth-to-space: [batch, h·Upsample, w·Upsample, Outputs]. Channel
// (row·Upsample + column)·Outputs + o becomes output o of that row and column of a pixel's block (Shi et al., CVPR 2016). Where Scalar is
// set and Outputs is 1, predictions have no axis for it: [batch, height, width].
type PixelHead struct {
	Hidden  []int
	Outputs int
	Scalar  bool
	// Upsample is how many times higher and wider than the feature map the predictions are; 0 means 1.
	Upsample int
	// Activation nil means ReLU.
	Activation func(x *graph.Node) *graph.Node
}

// Predict implements Head.
func (h PixelHead) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	up := max(1, h.Upsample)
	x := h.logits(scope, features, up*up)
	if up > 1 {
		dims := features.Shape().Dimensions
		x = graph.Reshape(x, dims[0], dims[1], dims[2], up, up, h.Outputs)
		x = graph.TransposeAllAxes(x, 0, 1, 3, 2, 4, 5)
		x = graph.Reshape(x, dims[0], dims[1]*up, dims[2]*up, h.Outputs)
	}
	return h.scalar(x)
}

// scalar drops the axis of the single output of a scalar.
func (h PixelHead) scalar(x *graph.Node) *graph.Node {
	if !h.Scalar {
		return x
	}
	return graph.Squeeze(x, -1)
}

// logits returns [batch, h, w, copies·Outputs]. A 1×1 convolution is a dense layer on the last axis.
func (h PixelHead) logits(scope *model.Scope, features *graph.Node, copies int) *graph.Node {
	if features.Rank() != 4 {
		panicf("a PixelHead needs a feature map [batch, height, width, features]; got %s: let the trunk keep its spatial axes", features.Shape())
	}
	if h.Outputs < 1 || h.Upsample < 0 || (h.Scalar && h.Outputs != 1) {
		panicf("a PixelHead has %d outputs, Upsample %d and Scalar %v; wanted 1 or more, 0 or more, and exactly 1 output for a scalar", h.Outputs, h.Upsample, h.Scalar)
	}
	x := hiddenLayers(scope, features, h.Hidden, h.Activation, 0)
	return layers.DenseWithBias(scope.At("output"), x, copies*h.Outputs)
}
