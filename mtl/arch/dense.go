package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Dense is a trunk of fully connected layers: for each width a dense layer, normalisation, activation and dropout. Inputs are flattened to
// [batch, features] and, where there are several, joined; the representation is [batch, last width].
type Dense struct {
	// Widths of the layers; at least one.
	Widths []int
	// Activation nil means ReLU.
	Activation Activation
	// Normalization nil means none. A normalised layer has no bias: the normalisation adds an offset.
	Normalization Normalization
	// Dropout is the share of each layer's outputs that training sets to 0; the others are scaled by 1/(1-Dropout). Unless 0 it is the hyper-parameter
	// "shared/dropout", which can be changed without a compilation.
	Dropout float64
	// L1 and L2 add L1·Σ|w| and L2·Σw² over the layers' weights, not their biases, to the objective. 0 means what the store's
	// parameters say, by default nothing. L2 is the hyper-parameter "shared/l2". As GoMLX does it, L1 also sets weights smaller than L1 to 0 after each step.
	L1, L2 float64
	// Initializer nil means the store's, by default He's: normal with variance 2/fan-in, biases 0.
	Initializer Initializer
}

// Represent implements Trunk.
func (d Dense) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	return d.represent(scope, inputs, layer.dense, layer.normalize)
}

// represent builds the layers of operations that take and return what those of layer do.
func (d Dense) represent(scope *model.Scope, inputs []*graph.Node, dense func(l layer, scope *model.Scope, x *graph.Node, width int) *graph.Node,
	normalize func(l layer, scope *model.Scope, x *graph.Node) *graph.Node) *graph.Node {
	l := layer{scope, d.Activation, d.Normalization, d.Dropout, d.L1, d.L2, d.Initializer}
	l.check("arch.Dense")
	if len(d.Widths) == 0 || len(inputs) == 0 {
		panicf("arch.Dense has %d widths and %d inputs; wanted at least one of each", len(d.Widths), len(inputs))
	}
	flat := make([]*graph.Node, len(inputs))
	for i, x := range inputs {
		if !x.DType().IsFloat() {
			panicf("input %d of arch.Dense is %s; wanted floating-point numbers: convert it in a TrunkFunc before", i, x.Shape())
		}
		flat[i] = mtl.Flatten(x)
	}
	x := graph.Concatenate(flat, -1)
	for i, width := range d.Widths {
		if width <= 0 {
			panicf("layer %d of arch.Dense has width %d; wanted 1 or more", i, width)
		}
		at := scope.At("layer_%d", i)
		x = adapt(at, l.activate(at, normalize(l, at, dense(l, at, x, width))))
	}
	return x
}
