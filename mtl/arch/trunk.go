package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Trunk maps the inputs of a model, each [batch, ...], to one representation [batch, ...]. Its variables go under scope.
type Trunk interface {
	Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node
}

// TrunkFunc makes a Trunk of a function.
type TrunkFunc func(scope *model.Scope, inputs []*graph.Node) *graph.Node

// Represent calls the function.
func (f TrunkFunc) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	return f(scope, inputs)
}

// Sequence applies trunks one after the other, under the scopes "part_0", "part_1", ...: a convolutional trunk and dense layers on top.
type Sequence []Trunk

// Represent implements Trunk.
func (s Sequence) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	if len(s) == 0 {
		panicf("arch.Sequence is empty: wanted at least one trunk")
	}
	for i, trunk := range s {
		inputs = []*graph.Node{trunk.Represent(scope.At("part_%d", i), inputs)}
	}
	return inputs[0]
}

func panicf(format string, args ...any) { exceptions.Panicf("mtl: "+format, args...) }
