package mtl

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
)

// DenseHead makes one feature vector an example, [batch, features], and applies dense layers: one of each Hidden width with activation
// and dropout, then one of Outputs units without. Predictions are [batch, Outputs], or [batch] where Scalar is set and Outputs is 1.
type DenseHead struct {
	Hidden  []int
	Outputs int
	Scalar  bool
	// Pool makes the feature vector of a representation [batch, ...]: Flatten (what nil means), SpatialMean, or one's own.
	Pool func(features *graph.Node) *graph.Node
	// Activation nil means ReLU.
	Activation func(x *graph.Node) *graph.Node
	// Dropout is the share of each hidden layer's outputs that training sets to 0; the others are scaled by 1/(1-Dropout). Unless 0 it is the
	// hyper-parameter "task/NAME/head/dropout", which can be changed without a compilation.
	Dropout float64
}

// Predict implements Head.
func (h DenseHead) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	if h.Outputs < 1 || (h.Scalar && h.Outputs != 1) {
		panicf("a DenseHead has %d outputs and Scalar %v; wanted 1 or more, and exactly 1 for a scalar", h.Outputs, h.Scalar)
	}
	pool := h.Pool
	if pool == nil {
		pool = Flatten
	}
	x := hiddenLayers(scope, pool(features), h.Hidden, h.Activation, h.Dropout)
	x = layers.DenseWithBias(scope.At("output"), x, h.Outputs)
	if h.Scalar {
		x = graph.Reshape(x, x.Shape().Dimensions[0])
	}
	return x
}
