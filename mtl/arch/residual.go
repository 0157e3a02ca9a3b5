package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Residual is a trunk with the fields of Conv whose units are residual blocks: x + F(x), where F is convolution, normalisation, activation,
// convolution, normalisation, followed by the activation and dropout (He, Zhang, Ren and Sun, "Deep Residual Learning for Image
// Recognition", CVPR 2016, the basic block of figure 5). Where the block changes the shape, x passes a 1×1 convolution with
// normalisation (their option B).
type Residual Conv

// Represent implements Trunk.
func (r Residual) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	return Conv(r).represent("arch.Residual", scope, inputs, residualBlock)
}

func residualBlock(l layer, scope *model.Scope, x *graph.Node, channels, kernel, stride int) *graph.Node {
	convolve := func(name string, x *graph.Node, kernel, stride int) *graph.Node {
		at := scope.At("%s", name)
		return l.normalize(at, l.convolution(at, x, channels, kernel, stride))
	}
	shortcut := x
	if stride != 1 || x.Shape().Dim(-1) != channels {
		shortcut = convolve("shortcut", x, 1, stride)
	}
	inner := l
	inner.dropout = 0 // once a block
	hidden := inner.activate(scope, convolve("first", x, kernel, stride))
	return l.activate(scope, graph.Add(shortcut, convolve("second", hidden, kernel, 1)))
}
