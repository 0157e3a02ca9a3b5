package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Bidirectional applies a trunk such as GRU to the sequence and another one of the same form to the reversed sequence, and joins their outputs of each
// position: [batch, length, 2·features] (Schuster and Paliwal, 1997). Their variables are under "forward" and "backward".
type Bidirectional struct {
	Of SequenceTrunk
}

// Represent implements Trunk.
func (b Bidirectional) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	x, mask := sequenceInputs("arch.Bidirectional", inputs)
	return b.RepresentSequence(scope, x, mask)
}

// RepresentSequence implements SequenceTrunk.
func (b Bidirectional) RepresentSequence(scope *model.Scope, x, mask *graph.Node) *graph.Node {
	if b.Of == nil {
		panicf("arch.Bidirectional has no trunk: set Of, for example to arch.GRU{Width: 64}")
	}
	checkSequence("arch.Bidirectional", x, mask)
	forward := b.Of.RepresentSequence(scope.At("forward"), x, mask)
	if mask != nil {
		mask = graph.Reverse(mask, 1)
	}
	backward := b.Of.RepresentSequence(scope.At("backward"), graph.Reverse(x, 1), mask)
	return graph.Concatenate([]*graph.Node{forward, graph.Reverse(backward, 1)}, -1)
}
