package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/model"
)

// Transformer is a trunk of encoder layers over [batch, length, features], each with multi-head self-attention and two dense layers on each position, in the
// pre-norm form: x ← x + Attention(N(x)), x ← x + W₂·φ(W₁·N(x) + b₁) + b₂, and N at the end (Vaswani et al., "Attention Is All You Need",
// 2017; the place of N as in Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020). Attention(x) = softmax(Q·Kᵀ/√d)·V in each
// head, with d = Width/Heads. Padding gets no attention. It returns [batch, length, Width].
type Transformer struct {
	// Layers; at least one.
	Layers int
	// Heads divides Width; 0 means 4.
	Heads int
	// Width of the representation; 0 means that of the input. An input of another width passes a dense layer first.
	Width int
	// Hidden is the width of the hidden dense layer; 0 means 4·Width.
	Hidden int
	// Positions nil means SinusoidalPositions.
	Positions Positions
	// Activation φ; nil means ReLU.
	Activation Activation
	// Normalization nil means LayerNorm.
	Normalization Normalization
	// Dropout is the share of outputs of each sublayer, of hidden units and of the input that training sets to 0. Unless 0 it is the hyper-parameter
	// "shared/dropout", which can be changed without a compilation.
	Dropout float64
	// L1 and L2 add L1·Σ|w| and L2·Σw² over the dense layers' weights to the objective; see Dense.
	L1, L2 float64
	// Initializer nil means the store's, by default He's.
	Initializer Initializer
}

// PostNormTransformer has the fields of Transformer, with the normalisation after the sum as in the original and in BERT: x ← N(x + Attention(x)),
// x ← N(x + W₂·φ(W₁·x + b₁) + b₂).
type PostNormTransformer Transformer

// Represent implements Trunk.
func (t Transformer) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	x, mask := sequenceInputs("arch.Transformer", inputs)
	return t.RepresentSequence(scope, x, mask)
}

// RepresentSequence implements SequenceTrunk.
func (t Transformer) RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	x = t.encode("arch.Transformer", scope, x, mask, func(at *model.Scope, x *graph.Node, sublayer func(x *graph.Node) *graph.Node) *graph.Node {
		return graph.Add(x, sublayer(t.normalize(at, x)))
	})
	return t.normalize(scope.At("final"), x)
}

// Represent implements Trunk.
func (t PostNormTransformer) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	x, mask := sequenceInputs("arch.PostNormTransformer", inputs)
	return t.RepresentSequence(scope, x, mask)
}

// RepresentSequence implements SequenceTrunk.
func (t PostNormTransformer) RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	return Transformer(t).encode("arch.PostNormTransformer", scope, x, mask,
		func(at *model.Scope, x *graph.Node, sublayer func(x *graph.Node) *graph.Node) *graph.Node {
			return Transformer(t).normalize(at, graph.Add(x, sublayer(x)))
		})
}

func (t Transformer) normalize(scope *model.Scope, x *graph.Node) *graph.Node {
	if t.Normalization == nil {
		return LayerNorm(scope, x)
	}
	return t.Normalization(scope, x)
}

// encode builds the layers; join adds a sublayer and normalises.
func (t Transformer) encode(name string, scope *model.Scope, x, mask *graph.Node,
	join func(at *model.Scope, x *graph.Node, sublayer func(x *graph.Node) *graph.Node) *graph.Node) *graph.Node {
	checkSequence(name, x, mask)
	l := layer{scope, t.Activation, nil, t.Dropout, t.L1, t.L2, t.Initializer}
	l.check(name)
	width, heads := orDefault(t.Width, x.Shape().Dim(-1)), orDefault(t.Heads, 4)
	hidden := orDefault(t.Hidden, 4*width)
	if t.Layers < 1 || width < 1 || heads < 1 || hidden < 1 || width%heads != 0 {
		panicf("%s has %d layers, width %d, %d heads and %d hidden units; wanted 1 or more of each and heads that divide the width", name, t.Layers, width, heads, hidden)
	}
	if x.Shape().Dim(-1) != width {
		x = l.dense(scope.At("input"), x, width)
	}
	if t.Positions == nil {
		x = SinusoidalPositions(scope, x)
	} else {
		x = t.Positions(scope, x)
	}
	x = l.drop(scope, x)
	mask = attended(mask, heads)
	for i := range t.Layers {
		at := scope.At("layer_%d", i).At("attention")
		x = join(at, x, func(x *graph.Node) *graph.Node { return l.drop(at, adapt(at, l.attend(at, x, mask, heads))) })
		to := scope.At("layer_%d", i).At("feed_forward")
		x = join(to, x, func(x *graph.Node) *graph.Node {
			return l.drop(to, adapt(to, l.dense(to.At("second"), l.activate(to, l.dense(to.At("first"), x, hidden)), width)))
		})
	}
	return x
}

// attend is multi-head self-attention.
func (l layer) attend(scope *model.Scope, x, mask *graph.Node, heads int) *graph.Node {
	d := x.Shape().Dimensions
	split := func(name string) *graph.Node {
		return graph.Reshape(l.dense(scope.At("%s", name), x, d[2]), d[0], d[1], heads, d[2]/heads)
	}
	mixed, _ := attention.Core(split("query"), split("key"), split("value"), attention.LayoutBSHD, attention.CoreOptions{AttentionMask: mask})
	return l.dense(scope.At("output"), graph.Reshape(mixed, d...), d[2])
}

// attended makes a mask [batch, length, heads, length] of one of positions. A sequence of nothing but padding attends to all of it: a softmax over nothing has
// no gradient.
func attended(mask *graph.Node, heads int) *graph.Node {
	if mask == nil {
		return nil
	}
	batch, length := mask.Shape().Dim(0), mask.Shape().Dim(1)
	empty := graph.LogicalNot(graph.LogicalAny(mask, 1))
	mask = graph.LogicalOr(mask, graph.BroadcastToDims(graph.InsertAxes(empty, -1), batch, length))
	return graph.BroadcastToDims(graph.Reshape(mask, batch, 1, 1, length), batch, length, heads, length)
}
