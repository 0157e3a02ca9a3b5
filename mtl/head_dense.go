package mtl

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
)

// DenseHead flattens the representation to [batch, features] and applies dense layers: one of each Hidden width with ReLU, then one
// of Outputs units without activation. Predictions are [batch, Outputs], or [batch] where Scalar is set and Outputs is 1.
type DenseHead struct {
	Hidden  []int
	Outputs int
	Scalar  bool
}

// Predict implements Head.
func (h DenseHead) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	batch := features.Shape().Dimensions[0]
	x := graph.Reshape(features, batch, -1)
	for i, width := range h.Hidden {
		x = activation.Relu(layers.DenseWithBias(scope.At("hidden_%d", i), x, width))
	}
	x = layers.DenseWithBias(scope.At("output"), x, h.Outputs)
	if h.Scalar {
		x = graph.Reshape(x, batch)
	}
	return x
}
