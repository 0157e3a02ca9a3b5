// Package multidigits has scenes of two real handwritten digits that overlap, composed from package digits by the idea of
// MultiMNIST (Sabour, Frosst and Hinton 2017; Sener and Koltun 2018), with four tasks of three kinds on one image. It is the
// worked example of this module: which digits, which pixel belongs to which digit, how much ink.
//
// The protocol is this module's own, not one of the published ones: two digits of different classes from the same part of
// the digits data lie on a canvas of 14×14 pixels, the left one near the top left corner, the right one near the bottom right
// corner, each moved by 0..2 pixels along each axis towards the centre. Where they overlap, the larger ink stands. A scene
// never mixes the parts of the digits data.
package multidigits

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/digits"
	"github.com/gomtl/gomtl/mtl"
)

// Names of the tasks of [New].
const (
	TaskLeft  = "left"
	TaskRight = "right"
	TaskOwner = "owner"
	TaskInk   = "ink"
)

// The classes of the task "owner". A digit owns the pixels on which its own ink is above 4 of 16.
const (
	OwnerBackground = iota
	OwnerLeft
	OwnerRight
	OwnerBoth
)

// New composes the scenes; the same Config gives the same bytes everywhere. With c the canvas (14), the input is float32
// [n, c, c, 1], ink divided by 16 to lie in 0..1. The tasks:
//
//   - "left", "right": the class of each digit, classification, int32 [n], 10 classes;
//   - "owner": which digit owns each pixel, segmentation, int32 [n, c, c], 4 classes: background, left, right, both;
//   - "ink": the sum of the scene's pixels (of 0..16 each) / 100, regression, float32 [n].
//
// An error says which field of the Config cannot be.
func New(config Config) (*datasets.Set, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	set := &datasets.Set{
		Name: "multidigits",
		Description: fmt.Sprintf("Two handwritten digits of different classes on a canvas of %d×%d pixels, ink scaled to 0..1, each "+
			"moved by 0..%d pixels from its corner; where they overlap the larger ink stands. Composed from the digits data, whose "+
			"parts are never mixed; seed %d.", config.Canvas, config.Canvas, config.Jitter, config.Seed),
		Licence: "CC-BY-4.0",
		Citation: "Images: E. Alpaydin and C. Kaynak (1998). Cascading Classifiers. Kybernetika 34(4), 369-374. " +
			"Idea: S. Sabour, N. Frosst and G. E. Hinton (2017). Dynamic Routing Between Capsules. NIPS; " +
			"O. Sener and V. Koltun (2018). Multi-Task Learning as Multi-Objective Optimization. NeurIPS.",
		Tasks: []datasets.TaskInfo{
			{Name: TaskLeft, Kind: mtl.KindClassification, Classes: digits.Classes(),
				Description: "which digit is near the top left"},
			{Name: TaskRight, Kind: mtl.KindClassification, Classes: digits.Classes(),
				Description: "which digit is near the bottom right"},
			{Name: TaskOwner, Kind: mtl.KindSegmentation, Classes: []string{"background", "left", "right", "both"},
				Description: "which digit has ink above 4 of 16 on each pixel"},
			{Name: TaskInk, Kind: mtl.KindRegression, Unit: "ink/100",
				Description: "the sum of the scene's ink of 0..16 a pixel, divided by 100"},
		},
	}
	if set.Train, err = config.part(datasets.Train); err != nil {
		return nil, err
	}
	if set.Validation, err = config.part(datasets.Validation); err != nil {
		return nil, err
	}
	if set.Test, err = config.part(datasets.Test); err != nil {
		return nil, err
	}
	return set, nil
}

// part composes the scenes of one part.
func (c Config) part(part datasets.Part) (*mtl.Split, error) {
	images, err := digits.Images(part)
	if err != nil {
		return nil, err
	}
	n, area := c.size(part), c.Canvas*c.Canvas
	pixels := make([]float32, n*area)
	owner := make([]int32, n*area)
	left, right, ink := make([]int32, n), make([]int32, n), make([]float32, n)
	canvas := make([]uint8, area)
	for i := range n {
		s := c.draw(datasets.Stream(c.Seed, part, i), images)
		clear(canvas)
		owned := owner[i*area : (i+1)*area]
		compose(canvas, owned, c.Canvas, &images[s.left], s.leftRow, s.leftColumn, OwnerLeft)
		compose(canvas, owned, c.Canvas, &images[s.right], s.rightRow, s.rightColumn, OwnerRight)
		total := 0
		for j, value := range canvas {
			pixels[i*area+j] = float32(value) / digits.Ink
			total += int(value)
		}
		left[i], right[i] = int32(images[s.left].Class), int32(images[s.right].Class)
		ink[i] = float32(total) / 100
	}
	return &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(pixels, n, c.Canvas, c.Canvas, 1)},
		Labels: map[string]*tensors.Tensor{
			TaskLeft:  tensors.FromFlatDataAndDimensions(left, n),
			TaskRight: tensors.FromFlatDataAndDimensions(right, n),
			TaskOwner: tensors.FromFlatDataAndDimensions(owner, n, c.Canvas, c.Canvas),
			TaskInk:   tensors.FromFlatDataAndDimensions(ink, n),
		},
	}, nil
}
