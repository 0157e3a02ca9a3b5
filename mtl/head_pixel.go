package mtl

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
)

// PixelHead predicts Outputs values per pixel from a feature map [batch, h, w, features]: 1×1 convolutions of each Hidden width with
// activation, one to Upsample²·Outputs channels, then depth-to-space: [batch, h·Upsample, w·Upsample, Outputs]. Channel
// (row·Upsample + column)·Outputs + o becomes output o of that row and column of a pixel's block (Shi et al., CVPR 2016).
type PixelHead struct {
	Hidden  []int
	Outputs int
	// Upsample is how many times higher and wider than the feature map the predictions are; 0 means 1.
	Upsample int
	// Activation nil means ReLU.
	Activation func(x *graph.Node) *graph.Node
}

// Predict implements Head.
func (h PixelHead) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	up := max(1, h.Upsample)
	x := h.logits(scope, features, up*up)
	if up == 1 {
		return x
	}
	dims := features.Shape().Dimensions
	x = graph.Reshape(x, dims[0], dims[1], dims[2], up, up, h.Outputs)
	x = graph.TransposeAllAxes(x, 0, 1, 3, 2, 4, 5)
	return graph.Reshape(x, dims[0], dims[1]*up, dims[2]*up, h.Outputs)
}

// logits returns [batch, h, w, copies·Outputs]. A 1×1 convolution is a dense layer on the last axis.
func (h PixelHead) logits(scope *model.Scope, features *graph.Node, copies int) *graph.Node {
	if features.Rank() != 4 {
		panicf("a PixelHead needs a feature map [batch, height, width, features]; got %s: let the trunk keep its spatial axes", features.Shape())
	}
	if h.Outputs < 1 || h.Upsample < 0 {
		panicf("a PixelHead has %d outputs and Upsample %d; wanted 1 or more, and 0 or more", h.Outputs, h.Upsample)
	}
	x := hiddenLayers(scope, features, h.Hidden, h.Activation, 0)
	return layers.DenseWithBias(scope.At("output"), x, copies*h.Outputs)
}
