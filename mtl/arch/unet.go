package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// UNet is a trunk with the fields of Conv for predictions per pixel: Stages shrink the map, then it is enlarged step by step and at each size joined with the
// output of the stage of that size, followed by as many convolutions as that stage has (Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks
// for Biomedical Image Segmentation", MICCAI 2015). It returns a map of the size and the channels of the first stage; with stride 1 there, that of the
// input. It shrinks by strides and enlarges by nearest neighbours and a convolution, where the paper has max-pooling and transposed convolutions, and pads
// with zeros, where the paper's maps get smaller. The way up is under "up_0" (the last to be built), "up_1", ....
type UNet Conv

// Represent implements Trunk.
func (u UNet) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	c := Conv(u)
	maps := c.stages("arch.UNet", scope, inputs, convolutionUnit)
	l, kernel := c.layer(scope), orDefault(c.Kernel, 3)
	x := maps[len(maps)-1]
	for i := len(maps) - 2; i >= 0; i-- {
		stage := c.Stages[i]
		convolve := func(at *model.Scope, x *graph.Node) *graph.Node {
			return adapt(at, convolutionUnit(l, at, x, stage.Channels, kernel, 1))
		}
		up := scope.At("up_%d", i)
		x = graph.Concatenate([]*graph.Node{maps[i], convolve(up.At("enlarge"), enlarge(x, maps[i]))}, -1)
		for j := range orDefault(stage.Depth, 1) {
			x = convolve(up.At("block_%d", j), x)
		}
	}
	return x
}
