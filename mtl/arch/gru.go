package arch

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// GRU is a trunk of gated recurrent units over [batch, length, features] (Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
// Statistical Machine Translation", EMNLP 2014), in the form of cuDNN and PyTorch, where the reset gate multiplies after the projection:
//
//	r = σ(W_r·x + U_r·h + b_r)   z = σ(W_z·x + U_z·h + b_z)   n = tanh(W_n·x + b_n + r⊙(U_n·h + c))   h ← (1-z)⊙n + z⊙h
//
// It returns the states [batch, length, Width]; at padding the state stays. GoMLX has no GRU. Steps are unrolled: the program, and the time to
// compile it, grow with the length. "input" holds W and b with the columns r, z, n, "state" U and c.
type GRU struct {
	// Width of the state.
	Width int
	// Initializer nil means uniform within ±1/√Width, as in PyTorch.
	Initializer Initializer
}

// Represent implements Trunk.
func (r GRU) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	x, mask := sequenceInputs("arch.GRU", inputs)
	return r.RepresentSequence(scope, x, mask)
}

// RepresentSequence implements SequenceTrunk.
func (r GRU) RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	w := r.Width
	unit := recurrent{"arch.GRU", w, 3, r.Initializer}
	var offset *graph.Node
	return unit.represent(scope, x, mask, 1, func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node {
		if offset == nil {
			at := scope.At("state").WithInitializer(unit.initial(scope))
			offset = graph.InsertAxes(at.VariableWithShape("biases", shapes.Make(x.DType(), w)).NodeValue(x.Graph()), 0)
		}
		reset := graph.Sigmoid(graph.Add(part(input, 0, w), part(fromState, 0, w)))
		keep := graph.Sigmoid(graph.Add(part(input, 1, w), part(fromState, 1, w)))
		fresh := graph.Tanh(graph.Add(part(input, 2, w), graph.Mul(reset, graph.Add(part(fromState, 2, w), offset))))
		return []*graph.Node{graph.Add(fresh, graph.Mul(keep, graph.Sub(states[0], fresh)))}
	})
}
