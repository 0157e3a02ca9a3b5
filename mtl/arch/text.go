package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Text is a trunk for token ids [batch, length]: an embedding, layers that are told where padding is, and a pool over the rest:
//
//	arch.Text{Embedding: arch.Embedding{Vocabulary: 5000, Width: 64}, Layers: []arch.Trunk{arch.Transformer{Layers: 2}}, Pool: arch.PoolMean}
//
// SequenceTrunks among Layers (GRU, LSTM, Bidirectional, Transformer) leave padding out. Others, such as Conv, see vectors of 0 there. Where a
// layer shortens the sequence by strides, a position counts as padding if all that it stands for is. The variables are under "embedding", "layer_0", ....
type Text struct {
	Embedding Embedding
	// Layers, from the embedding on; none is a bag of embeddings.
	Layers []Trunk
	// Pool nil leaves the sequence, [batch, length, features], for heads that predict for each position, or pool themselves.
	Pool Pool
}

// Represent implements Trunk.
func (t Text) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	if len(inputs) != 1 {
		panicf("arch.Text takes one input of token ids [batch, length]; got %s", inputs)
	}
	x, mask := t.Embedding.embed("arch.Text", scope.At("embedding"), inputs[0])
	for i, l := range t.Layers {
		at := scope.At("layer_%d", i)
		if s, ok := l.(SequenceTrunk); ok {
			x = s.RepresentSequence(at, x, mask)
		} else {
			x = l.Represent(at, []*graph.Node{x})
		}
		if x.Rank() != 3 {
			panicf("layer %d of arch.Text returns %s; wanted [batch, length, features]: pool with Pool, and put dense layers after it in a Sequence", i, x.Shape())
		}
		mask = shorten(mask, x.Shape().Dim(1))
	}
	if t.Pool == nil {
		return x
	}
	return t.Pool(x, mask)
}

// shorten makes a mask of so many positions of one of ⌈positions·stride⌉.
func shorten(mask *graph.Node, length int) *graph.Node {
	if mask == nil || mask.Shape().Dim(1) == length {
		return mask
	}
	batch, old := mask.Shape().Dim(0), mask.Shape().Dim(1)
	stride := (old + length - 1) / length
	if (old+stride-1)/stride != length {
		panicf("a layer of arch.Text makes %d positions of %d, which is no stride: the padding cannot be followed", length, old)
	}
	padded := graph.Concatenate([]*graph.Node{mask, graph.BroadcastToDims(graph.Const(mask.Graph(), false), batch, length*stride-old)}, 1)
	if length*stride == old {
		padded = mask
	}
	return graph.LogicalAny(graph.Reshape(padded, batch, length, stride), -1)
}
