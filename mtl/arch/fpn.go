package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// FPN is a trunk for predictions per pixel: residual stages shrink the map; from the last one on each output is enlarged and added to a 1×1 convolution of the
// stage before; a 3×3 convolution on the last sum gives a map of the size of the first stage with Width channels, no activation (Lin et al., "Feature Pyramid
// Networks for Object Detection", CVPR 2017, section 3). Heads get the finest level, P₂ in the paper, only. "bottom_up" holds the stages, "lateral_0", ...
// the 1×1 convolutions, "output" the last one.
type FPN struct {
	// BottomUp are the stages.
	BottomUp Residual
	// Width is the number of channels on the way back; 0 means 256.
	Width int
}

// Represent implements Trunk.
func (f FPN) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	width := orDefault(f.Width, 256)
	if width < 1 {
		panicf("arch.FPN has width %d; wanted 1 or more", f.Width)
	}
	c := Conv(f.BottomUp)
	maps := c.stages("arch.FPN", scope.At("bottom_up"), inputs, residualBlock)
	l := layer{trunk: scope, l1: c.L1, l2: c.L2, initializer: c.Initializer}
	var x *graph.Node
	for i := len(maps) - 1; i >= 0; i-- {
		lateral := l.convolution(scope.At("lateral_%d", i), maps[i], width, 1, 1)
		if x != nil {
			lateral = graph.Add(lateral, enlarge(x, maps[i]))
		}
		x = lateral
	}
	return l.convolution(scope.At("output"), x, width, 3, 1)
}
