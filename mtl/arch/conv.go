package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Stage is a run of convolutions of the same width.
type Stage struct {
	// Channels of the output.
	Channels int
	// Depth is the number of convolutions, or of residual blocks; 0 means 1.
	Depth int
	// Stride of the first one, by which the stage shrinks the map; 0 means 1.
	Stride int
}

// Conv is a trunk of convolutions: for each one normalisation, activation and dropout. It maps [batch, height, width, channels] (or any other
// number of spatial axes) to [batch, ⌈height/strides⌉, ⌈width/strides⌉, last channels] and leaves it to the heads to flatten or average. It
// shrinks maps by strides, not by max-pooling, for which the pure-Go backend has no gradient.
type Conv struct {
	// Stages, from the input on; at least one.
	Stages []Stage
	// Kernel is the side of the kernels, an odd number; 0 means 3. The map is padded with zeros so that only strides shrink it.
	Kernel int
	// Activation nil means ReLU.
	Activation Activation
	// Normalization nil means none. A normalised convolution has no bias: the normalisation adds an offset.
	Normalization Normalization
	// Dropout is the share of outputs that training sets to 0; the others are scaled by 1/(1-Dropout). Unless 0 it is the hyper-parameter
	// "shared/dropout", which can be changed without a compilation.
	Dropout float64
	// L1 and L2 add L1·Σ|w| and L2·Σw² over the kernels, not the biases, to the objective. 0 means what the store's parameters
	// say, by default nothing. L2 is the hyper-parameter "shared/l2". As GoMLX does it, L1 also sets weights smaller than L1 to 0 after each step.
	L1, L2 float64
	// Initializer nil means the store's, by default He's: normal with variance 2/fan-in, biases 0.
	Initializer Initializer
}

// Represent implements Trunk.
func (c Conv) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	return c.represent("arch.Conv", scope, inputs, convolutionUnit)
}

func convolutionUnit(l layer, scope *model.Scope, x *graph.Node, channels, kernel, stride int) *graph.Node {
	return l.activate(scope, l.normalize(scope, l.convolution(scope, x, channels, kernel, stride)))
}

func (c Conv) layer(scope *model.Scope) layer {
	return layer{scope, c.Activation, c.Normalization, c.Dropout, c.L1, c.L2, c.Initializer}
}

// block builds one unit of a stage.
type block func(l layer, scope *model.Scope, x *graph.Node, channels, kernel, stride int) *graph.Node

func (c Conv) represent(name string, scope *model.Scope, inputs []*graph.Node, build block) *graph.Node {
	maps := c.stages(name, scope, inputs, build)
	return maps[len(maps)-1]
}

// stages returns the output of each stage.
func (c Conv) stages(name string, scope *model.Scope, inputs []*graph.Node, build block) []*graph.Node {
	l := c.layer(scope)
	l.check(name)
	if len(inputs) != 1 || inputs[0].Rank() < 3 || !inputs[0].DType().IsFloat() {
		panicf("%s takes one floating-point input [batch, height, width, channels]; got %s: reshape, convert or join inputs in a TrunkFunc before",
			name, inputs)
	}
	if len(c.Stages) == 0 {
		panicf("%s has no stages: wanted at least one", name)
	}
	x, maps := inputs[0], make([]*graph.Node, len(c.Stages))
	kernel := orDefault(c.Kernel, 3)
	if kernel%2 == 0 {
		// The gradient by the input is that of a map moved by a pixel.
		panicf("%s has kernels of %d, an even side, whose gradient is wrong in GoMLX v0.28.8; wanted an odd one", name, kernel)
	}
	for i, stage := range c.Stages {
		depth, stride := orDefault(stage.Depth, 1), orDefault(stage.Stride, 1)
		if stage.Channels <= 0 || depth < 0 || stride < 0 || kernel < 0 {
			panicf("stage %d of %s is %+v with kernels of %d; wanted channels of 1 or more and no negative number", i, name, stage, kernel)
		}
		for j := range depth {
			at := scope.At("stage_%d", i).At("block_%d", j)
			x = adapt(at, build(l, at, x, stage.Channels, kernel, stride))
			stride = 1
		}
		maps[i] = x
	}
	return maps
}

func orDefault(value, standard int) int {
	if value == 0 {
		return standard
	}
	return value
}
