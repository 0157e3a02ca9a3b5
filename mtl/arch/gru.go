package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// GRU is a trunk of gated recurrent units over [batch, length, features] (Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
// Statistical Machine Translation", EMNLP 2014), in the form of cuDNN and PyTorch, where the reset gate multiplies after the projection:
//
//	r = σ(W_r·x + U_r·h + b_r)   z = σ(W_z·x + U_z·h + b_z)   n = tanh(W_n·x + b_n + r⊙(U_n·h + c))   h ← (1-z)⊙n + z⊙h
//
// It returns the states [batch, length, Width]; at padding the state stays. GoMLX has no GRU. "input" holds W and b with the columns r, z, n,
// "state" U and c.
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
	return recurrent{"arch.GRU", r.Width, 2, r.Initializer, gruCell}.represent(scope, x, mask)
}

var gruCell = cell{
	gates: 3, states: 1,
	next: func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node {
		_, keep, fresh := gruGates(input, fromState)
		return []*graph.Node{graph.Add(fresh, graph.Mul(keep, graph.Sub(states[0], fresh)))}
	},
	slopes: func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node {
		reset, keep, fresh := gruGates(input, fromState)
		onFresh := product(graph.OneMinus(keep), graph.OneMinus(graph.Square(fresh)))
		return []*graph.Node{
			product(onFresh, part(fromState, 2, 3), reset, graph.OneMinus(reset)),
			product(graph.Sub(states[0], fresh), keep, graph.OneMinus(keep)),
			onFresh,
			product(onFresh, reset),
			keep,
		}
	},
	back: func(slopes, next []*graph.Node) (input, fromState *graph.Node, states []*graph.Node) {
		on := func(i int) *graph.Node { return graph.Mul(slopes[i], next[0]) }
		reset, keep := on(0), on(1)
		return join(reset, keep, on(2)), join(reset, keep, on(3)), []*graph.Node{on(4)}
	},
}

func gruGates(input, fromState *graph.Node) (reset, keep, fresh *graph.Node) {
	reset = graph.Sigmoid(graph.Add(part(input, 0, 3), part(fromState, 0, 3)))
	keep = graph.Sigmoid(graph.Add(part(input, 1, 3), part(fromState, 1, 3)))
	return reset, keep, graph.Tanh(graph.Add(part(input, 2, 3), graph.Mul(reset, part(fromState, 2, 3))))
}
