package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// SequenceTrunk is a trunk over sequences that leaves padding out: GRU, LSTM, Bidirectional, Transformer. As a Trunk it takes the inputs {x} or
// {x, mask}, where a mask that is not boolean is 0 at padding.
type SequenceTrunk interface {
	Trunk
	// RepresentSequence maps x [batch, length, features] to [batch, length, ...]. mask, boolean [batch, length], is false at padding; nil means
	// that there is none.
	RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node
}

// sequenceInputs reads the inputs {x} or {x, mask}.
func sequenceInputs(name string, inputs []*graph.Node) (x, mask *graph.Node) {
	if len(inputs) < 1 || len(inputs) > 2 {
		panicf("%s takes a floating-point input [batch, length, features] and, where there is padding, a mask [batch, length]; got %s", name, inputs)
	}
	x = inputs[0]
	if len(inputs) == 2 {
		mask = inputs[1]
		if mask.DType() != dtypes.Bool {
			mask = graph.NotEqual(mask, graph.ZerosLike(mask))
		}
	}
	return x, mask
}

// checkSequence fails unless x is [batch, length, features] and the mask [batch, length].
func checkSequence(name string, x, mask *graph.Node) {
	if x.Rank() != 3 || !x.DType().IsFloat() {
		panicf("%s takes a floating-point input [batch, length, features]; got %s: tokens go through arch.Text or arch.Embedding first", name, x.Shape())
	}
	if mask != nil && (mask.Rank() != 2 || mask.Shape().Dim(0) != x.Shape().Dim(0) || mask.Shape().Dim(1) != x.Shape().Dim(1)) {
		panicf("%s got a mask %s for the input %s; wanted [batch, length]", name, mask.Shape(), x.Shape())
	}
}
