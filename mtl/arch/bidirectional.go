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
	backward := b.Of.RepresentSequence(scope.At("backward"), reverse(x), mask)
	return graph.Concatenate([]*graph.Node{forward, reverse(backward)}, -1)
}

// reverse turns the order of the positions round: graph.Reverse, which has no gradient in GoMLX v0.28.2, and 0 with that gradient.
func reverse(x *graph.Node) *graph.Node {
	through := graph.IdentityWithCustomGradient(x, func(_, adjoint *graph.Node) *graph.Node { return graph.Reverse(adjoint, 1) })
	return graph.Add(graph.Reverse(graph.StopGradient(x), 1), graph.Sub(through, graph.StopGradient(through)))
}
