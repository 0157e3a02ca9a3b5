package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// LSTM is a trunk of long short-term memory over [batch, length, features] (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000):
//
//	i, f, o = σ(W·x + U·h + b)   g = tanh(W_g·x + U_g·h + b_g)   c ← f⊙c + i⊙g   h ← o⊙tanh(c)
//
// It returns the states h [batch, length, Width]; at padding the state stays. "input" holds W and b with the columns i, f, g, o, "state" U. GoMLX has an lstm, whose steps are
// unrolled, so that XLA takes long to compile it, and which knows padding at the end only.
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
	return recurrent{"arch.LSTM", r.Width, -1, r.Initializer, lstmCell}.represent(scope, x, mask)
}

var lstmCell = cell{
	gates: 4, states: 2,
	next: func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node {
		in, forget, fresh, out := lstmGates(input, fromState)
		memory := graph.Add(graph.Mul(forget, states[1]), graph.Mul(in, fresh))
		return []*graph.Node{graph.Mul(out, graph.Tanh(memory)), memory}
	},
	slopes: func(input, fromState *graph.Node, states []*graph.Node) []*graph.Node {
		in, forget, fresh, out := lstmGates(input, fromState)
		shown := graph.Tanh(graph.Add(graph.Mul(forget, states[1]), graph.Mul(in, fresh)))
		return []*graph.Node{
			product(fresh, in, graph.OneMinus(in)),
			product(states[1], forget, graph.OneMinus(forget)),
			product(in, graph.OneMinus(graph.Square(fresh))),
			product(shown, out, graph.OneMinus(out)),
			product(out, graph.OneMinus(graph.Square(shown))),
			forget,
		}
	},
	back: func(slopes, next []*graph.Node) (input, fromState *graph.Node, states []*graph.Node) {
		memory := graph.Add(next[1], graph.Mul(slopes[4], next[0]))
		on := func(i int) *graph.Node { return graph.Mul(slopes[i], memory) }
		sum := join(on(0), on(1), on(2), graph.Mul(slopes[3], next[0]))
		return sum, sum, []*graph.Node{graph.Sub(memory, memory), on(5)}
	},
}

func lstmGates(input, fromState *graph.Node) (in, forget, fresh, out *graph.Node) {
	sum := graph.Add(input, fromState)
	return graph.Sigmoid(part(sum, 0, 4)), graph.Sigmoid(part(sum, 1, 4)), graph.Tanh(part(sum, 2, 4)), graph.Sigmoid(part(sum, 3, 4))
}
