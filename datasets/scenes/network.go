package scenes

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Network is a small encoder of convolutions that all tasks share, 46,672 parameters for pictures of any size that 8 divides. It takes
// pictures in 0..1 and works on (x − 0.4)·4. Tasks of a label per picture get the mean and the maximum of its last map over the pixels,
// [batch, 128]. Each task of labels per pixel has a decoder of its own, 39,216 parameters, of which it gets a map of half the
// picture's height and width, [batch, s/2, s/2, 16].
//
//	encoder  x ─3×3, stride 2─▶ a [s/2, 16] ─3×3, stride 2─▶ b [s/4, 32] ─3×3─▶ c [s/4, 48] ─3×3, stride 2─▶ d [s/8, 64]
//	decoder  (d enlarged twice, c) ─3×3─▶ e [s/4, 32];  (e enlarged twice, a) ─3×3─▶ [s/2, 16]
//
// with ReLU after each convolution. No representation is part of the way to another, so mtl.Representation works, but finds a task of each kind
// in no conflict.
type Network struct{}

// Features implements mtl.Architecture.
func (Network) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if len(inputs) != 1 || inputs[0].Rank() != 4 || inputs[0].Shape().Dim(1)%8 != 0 || inputs[0].Shape().Dim(2)%8 != 0 {
		exceptions.Panicf("mtl: scenes.Network takes one input [batch, height, width, channels] with a height and width that 8 divides; got %s", inputs)
	}
	shared := scope.At(mtl.SharedScope)
	x := graph.MulScalar(graph.AddScalar(inputs[0], -0.4), 4)
	a := convolution(shared.At("a"), x, 16, 2)
	b := convolution(shared.At("b"), a, 32, 2)
	c := convolution(shared.At("c"), b, 48, 1)
	d := convolution(shared.At("d"), c, 64, 2)
	picture := graph.Concatenate([]*graph.Node{mtl.SpatialMean(d), graph.ReduceMax(d, 1, 2)}, -1)
	features := make([]*graph.Node, len(tasks))
	for i, t := range tasks {
		features[i] = picture
		if t.Kind == mtl.KindSegmentation || t.Kind == mtl.KindPixelRegression {
			own := mtl.ScopeOf(scope, t.Name).At("decoder")
			e := convolution(own.At("e"), beside(d, c), 32, 1)
			features[i] = convolution(own.At("f"), beside(e, a), 16, 1)
		}
	}
	return features
}

func convolution(scope *model.Scope, x *graph.Node, channels, stride int) *graph.Node {
	return arch.Conv{Stages: []arch.Stage{{Channels: channels, Stride: stride}}}.Represent(scope, []*graph.Node{x})
}

// beside joins the channels of a map, each pixel repeated twice in both directions, and of a map of that size.
func beside(small, large *graph.Node) *graph.Node {
	d := small.Shape().Dimensions
	small = graph.BroadcastToDims(graph.Reshape(small, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], 2, d[2], 2, d[3])
	return graph.Concatenate([]*graph.Node{graph.Reshape(small, d[0], 2*d[1], 2*d[2], d[3]), large}, -1)
}

// Model is a Network with heads for these tasks, in this order; without names for all tasks of New. Heads of labels per picture have a hidden
// layer of 48, those of labels per pixel make the 2×2 pixels of a place by depth-to-space. An error names the tasks there are.
func Model(names ...string) (*mtl.Model, error) {
	set := &datasets.Set{Name: "scenes", Tasks: tasks()}
	if len(names) == 0 {
		names = set.TaskNames()
	}
	m := &mtl.Model{Arch: Network{}}
	for _, name := range names {
		info, err := set.Task(name)
		if err != nil {
			return nil, fmt.Errorf("scenes: no model: %w", err)
		}
		task, err := info.New(mtl.WithHead(head(info)))
		if err != nil {
			return nil, fmt.Errorf("scenes: no model: %w", err)
		}
		m.Tasks = append(m.Tasks, task)
	}
	return m, nil
}

// head is a head on the features of a Network.
func head(info datasets.TaskInfo) mtl.Head {
	outputs := max(1, len(info.Classes), len(info.Values))
	switch info.Kind {
	case mtl.KindSegmentation, mtl.KindPixelRegression:
		return mtl.PixelHead{Outputs: outputs, Upsample: 2, Scalar: outputs == 1}
	}
	return mtl.DenseHead{Hidden: []int{48}, Outputs: outputs, Scalar: outputs == 1}
}
