package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// LSTM is a trunk of long short-term memory over [batch, length, features] (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000):
//
//	i, f, o = σ(W·x + U·h + b)   g = tanh(W_g·x + U_g·h + b_g)   c ← f⊙c + i⊙g   h ← o⊙tanh(c)
//
// It returns the states h [batch, length, Width]; at padding the state stays. Steps are unrolled: the program, and the time to compile it, grow with the length.
// "input" holds W and b with the columns i, f, g, o, "state" U. (GoMLX's own lstm makes four products and slices a step where this makes one,
// and knows only padding at the end.)
type LSTM struct {
	// Width of the state.
	Width int
	// Initializer nil means uniform within ±1/√Width, as in PyTorch.
	Initializer Initializer
}

// Represent implements Trunk.
func (r LSTM) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	x, mask := sequenceInputs("arch.LSTM", inputs)
	return r.RepresentSequence(scope, x, mask)
}

// RepresentSequence implements SequenceTrunk.
func (r LSTM) RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	w := r.Width
	unit := recurrent{"arch.LSTM", w, 4, r.Initializer}
	return unit.represent(scope, x, mask, 2, func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node {
		sum := graph.Add(input, fromState)
		in, forget := graph.Sigmoid(part(sum, 0, w)), graph.Sigmoid(part(sum, 1, w))
		cell := graph.Add(graph.Mul(forget, states[1]), graph.Mul(in, graph.Tanh(part(sum, 2, w))))
		return []*graph.Node{graph.Mul(graph.Sigmoid(part(sum, 3, w)), graph.Tanh(cell)), cell}
	})
}
