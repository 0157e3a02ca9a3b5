package arch

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Positions adds to x [batch, length, features] what tells positions apart. It may be one's own function.
type Positions func(scope *model.Scope, x *graph.Node) *graph.Node

// NoPositions adds nothing: the order does not count.
func NoPositions(_ *model.Scope, x *graph.Node) *graph.Node { return x }

// SinusoidalPositions adds sin(p/10000^(2i/d)) to feature 2i of position p and the cosine to feature 2i+1 (Vaswani et al., "Attention Is All You
// Need", 2017, section 3.5).
func SinusoidalPositions(_ *model.Scope, x *graph.Node) *graph.Node {
	length, features := x.Shape().Dim(1), x.Shape().Dim(2)
	table := make([][]float64, length)
	for p := range table {
		table[p] = make([]float64, features)
		for k := range table[p] {
			angle := float64(p) / math.Pow(10000, float64(k/2*2)/float64(features))
			table[p][k] = math.Sin(angle)
			if k%2 == 1 {
				table[p][k] = math.Cos(angle)
			}
		}
	}
	return graph.Add(x, graph.InsertAxes(graph.ConstAsDType(x.Graph(), x.DType(), table), 0))
}

// LearnedPositions adds a vector of its own to each position, of at most so many.
func LearnedPositions(maximum int) Positions {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		length, features := x.Shape().Dim(1), x.Shape().Dim(2)
		if length > maximum {
			panicf("a sequence of %d positions is longer than the %d of arch.LearnedPositions", length, maximum)
		}
		at := scope.WithInitializer(nearZero(scope))
		table := at.VariableWithShape("positions", shapes.Make(x.DType(), maximum, features)).NodeValue(x.Graph())
		return graph.Add(x, graph.InsertAxes(graph.SliceAxis(table, 0, graph.AxisRange(0, length)), 0))
	}
}
