package arch

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// MaxPool is a trunk without variables: the largest value of each Window×Window pixels of a map [batch, height, width, channels] (or any other number of
// spatial axes), with padding on both sides as a convolution of that kernel has. It is written as selections between shifted maps: so the pure-Go backend, which has
// no gradient of its own max-pooling, can train through it. Of equal values the first one gets the gradient.
type MaxPool struct {
	// Window is an odd number of pixels; 0 means 3.
	Window int
	// Stride 0 means 2.
	Stride int
}

// Represent implements Trunk.
func (p MaxPool) Represent(_ *model.Scope, inputs []*graph.Node) *graph.Node {
	window, stride := orDefault(p.Window, 3), orDefault(p.Stride, 2)
	if window < 1 || window%2 == 0 || stride < 1 {
		panicf("arch.MaxPool has windows of %d and stride %d; wanted an odd number and 1 or more", window, stride)
	}
	if len(inputs) != 1 || inputs[0].Rank() < 3 || !inputs[0].DType().IsFloat() {
		panicf("arch.MaxPool takes one floating-point input [batch, height, width, channels]; got %s", inputs)
	}
	x := inputs[0]
	// The largest over a square is the largest over its rows, then over those.
	for axis := 1; axis < x.Rank()-1; axis++ {
		x = maxAlong(x, axis, window, stride)
	}
	return x
}

func maxAlong(x *graph.Node, axis, window, stride int) *graph.Node {
	size := x.Shape().Dim(axis)
	border := x.Shape().Clone()
	border.Dimensions[axis] = window / 2
	low := graph.AddScalar(graph.Zeros(x.Graph(), border), math.Inf(-1))
	if window > 1 {
		x = graph.Concatenate([]*graph.Node{low, x, low}, axis)
	}
	var best *graph.Node
	for k := range window {
		shifted := graph.SliceAxis(x, axis, graph.AxisRange(k, k+(size-1)/stride*stride+1).Stride(stride))
		if best == nil {
			best = shifted
		} else {
			best = graph.Where(graph.GreaterOrEqual(best, shifted), best, shifted)
		}
	}
	return best
}
