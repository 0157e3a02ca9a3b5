package mtl

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
)

// Flatten makes one vector an example of a representation: [batch, ...] to [batch, features].
func Flatten(features *graph.Node) *graph.Node {
	return graph.Reshape(features, features.Shape().Dimensions[0], -1)
}

// SpatialMean averages a feature map over its pixels: [batch, height, width, features] to [batch, features] (global average pooling).
func SpatialMean(features *graph.Node) *graph.Node {
	if features.Rank() < 3 {
		panicf("SpatialMean needs a feature map [batch, height, width, features]; got %s: let the trunk keep its spatial axes", features.Shape())
	}
	axes := make([]int, features.Rank()-2)
	for i := range axes {
		axes[i] = i + 1
	}
	return graph.ReduceMean(features, axes...)
}

// hiddenLayers applies one dense layer of each width to the last axis of x, with activation (nil means ReLU) and dropout.
func hiddenLayers(scope *model.Scope, x *graph.Node, widths []int, activate func(*graph.Node) *graph.Node, dropout float64) *graph.Node {
	if activate == nil {
		activate = activation.Relu
	}
	if !(dropout >= 0 && dropout < 1) {
		panicf("a head has dropout %v; wanted a rate of 0 or more, below 1", dropout)
	}
	for i, width := range widths {
		if width < 1 {
			panicf("hidden layer %d of a head has width %d; wanted 1 or more", i, width)
		}
		x = activate(layers.DenseWithBias(scope.At("hidden_%d", i), x, width))
		if dropout > 0 {
			x = layers.Dropout(scope, x, LayerParameter(scope, x.Graph(), dtypes.Float32, "dropout", dropout))
		}
	}
	return x
}
