package mtl

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
)

// PixelHead predicts Outputs values per pixel from a feature map [batch, h, w, features]: a 1×1 convolution to Upsample²·Outputs channels, then
// depth-to-space: [batch, h·Upsample, w·Upsample, Outputs]. Upsample 0 means 1, no enlargement.
type PixelHead struct {
	Outputs  int
	Upsample int
}

// Predict implements Head.
func (h PixelHead) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	if features.Rank() != 4 {
		panicf("a PixelHead needs a feature map [batch, height, width, features]; got %s: let the trunk keep its spatial axes", features.Shape())
	}
	up := max(1, h.Upsample)
	dims := features.Shape().Dimensions
	x := layers.DenseWithBias(scope.At("output"), features, up*up*h.Outputs)
	if up == 1 {
		return x
	}
	x = graph.Reshape(x, dims[0], dims[1], dims[2], up, up, h.Outputs)
	x = graph.TransposeAllAxes(x, 0, 1, 3, 2, 4, 5)
	return graph.Reshape(x, dims[0], dims[1]*up, dims[2]*up, h.Outputs)
}
