package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
)

// BFloat16 is a trunk whose dense layers and convolutions multiply in bfloat16, which has the range of float32 and 8 bits of precision: a product rounds the weights
// and its input, and most backends what comes out, by at most a relative 2⁻⁹, and so do the two products of its gradient. All else is as in the trunk: the variables, their
// gradients' type and the optimiser, biases, normalisation, activations, the representation (Micikevicius et al., "Mixed Precision Training", ICLR 2018, keep
// such float32 weights; bfloat16 needs no scaled loss). The variables are the trunk's, so a store trained with either loads into the other.
//
// It pays on devices that multiply bfloat16 faster than float32; on a CPU it costs time. A method on the shared parameters' Gramian then makes each task's weight
// gradients, for it does not take these products in factors. Not in bfloat16: products of two activations (attention), the step from state to state of
// GRU and LSTM, what a task adds to a layer (LoRA), and layers that a TrunkFunc takes from GoMLX.
type BFloat16 struct {
	// Trunk is one of this package, or a Sequence, Text or TrunkFunc with them inside.
	Trunk Trunk
}

// Represent implements Trunk.
func (b BFloat16) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	return b.within(scope, inputs, func() *graph.Node { return b.Trunk.Represent(scope, inputs) })
}

// RepresentSequence implements SequenceTrunk. Only a Trunk that is one itself is told the mask, as in Text.
func (b BFloat16) RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	s, ok := b.Trunk.(SequenceTrunk)
	if !ok {
		return b.Represent(scope, []*graph.Node{x})
	}
	return b.within(scope, []*graph.Node{x}, func() *graph.Node { return s.RepresentSequence(scope, x, mask) })
}

// roundKey is the parameter of a graph's scope that says whether the layers below multiply in bfloat16. A parameter of the store would go into its checkpoints.
const roundKey = "arch_bfloat16"

// within runs build with all products below scope in bfloat16.
func (b BFloat16) within(scope *model.Scope, inputs []*graph.Node, build func() *graph.Node) *graph.Node {
	if b.Trunk == nil || len(inputs) == 0 {
		panicf("arch.BFloat16 has trunk %v and %d inputs; wanted a trunk and at least one input", b.Trunk, len(inputs))
	}
	g := inputs[0].Graph()
	before := rounds(scope, g)
	scope.SetGraphParam(g, roundKey, true)
	defer scope.SetGraphParam(g, roundKey, before)
	return build()
}

// rounds tells whether layers at scope multiply in bfloat16.
func rounds(scope *model.Scope, g *graph.Graph) bool {
	value, _ := scope.GetGraphParam(g, roundKey)
	is, _ := value.(bool)
	return is
}

// multiply returns times(x, weights): below a BFloat16 of both rounded to bfloat16, and in the type of x again.
func multiply(scope *model.Scope, x, weights *graph.Node, times func(x, weights *graph.Node) *graph.Node) *graph.Node {
	if !rounds(scope, x.Graph()) {
		return times(x, weights)
	}
	y := times(graph.ConvertDType(x, dtypes.BFloat16), graph.ConvertDType(weights, dtypes.BFloat16))
	return graph.ConvertDType(y, x.DType())
}

// dot is graph.Dot without the accumulator that GoMLX asks for where operands are bfloat16, for which it would take the gradient by float32 products. (Einsum asks again.)
func dot(x, weights *graph.Node) *graph.DotBuilder {
	return graph.Dot(x, weights).WithAccumulatorDType(dtypes.InvalidDType)
}

// layerOf is GoMLX's layer of this name with another product: "weights" of shape dims and "biases" of the last of them, both of the type of x.
func (l layer) layerOf(scope *model.Scope, name string, x *graph.Node, dims []int, bias bool, times func(x, weights *graph.Node) *graph.Node) *graph.Node {
	g, own := x.Graph(), l.scope(scope).At("%s", name)
	l1, l2 := l.amounts(scope, g)
	weights := own.VariableWithShape("weights", shapes.Make(x.DType(), dims...))
	if add := regularizer.Combine(regularizer.L1(l1), l.square(l2)); add != nil {
		add(g, weights)
	}
	y := multiply(own, x, weights.NodeValue(g), times)
	if bias {
		biases := own.VariableWithShape("biases", shapes.Make(x.DType(), dims[len(dims)-1]))
		y = graph.Add(y, graph.ExpandLeftToRank(biases.NodeValue(g), y.Rank()))
	}
	return y
}
