// Package multimnist composes scenes of two overlapping images, with the class of each as a task, from MNIST, Fashion-MNIST or any other
// images of 28×28 pixels that the user has, by the protocol of Sener and Koltun (2018). Nothing is downloaded: package idx reads
// the files. Package multidigits is the kin that ships with its data.
package multimnist

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/idx"
	"github.com/gomtl/gomtl/mtl"
)

// Names of the tasks of [New].
const (
	TaskLeft  = "left"
	TaskRight = "right"
)

// Config chooses the scenes; the zero value is the protocol as published, which has no validation part.
type Config struct {
	// Name is the set's name; "" means "multimnist".
	Name string
	// Classes names the classes; nil means "0" to "9".
	Classes []string
	// Seed draws the partner of each image.
	Seed uint64
	// Validation is how many images at the end of the training images are kept apart for validation; 0 leaves that part nil.
	Validation int
	// Licence and Citation are those of the images, for the set's description.
	Licence, Citation string
}

// New composes one scene for each image i of a part: i is the left one, the right one is drawn uniformly from the same part and may
// be of the same class, or i itself; see [Compose]. The input is float32 [n, 28, 28, 1], (value/255 - 0.1307) / 0.3081; the
// tasks "left" and "right" are classifications, int32 [n].
func New(train, test idx.Images, config Config) (*datasets.Set, error) {
	if config.Name == "" {
		config.Name = "multimnist"
	}
	if config.Classes == nil {
		for class := range 10 {
			config.Classes = append(config.Classes, strconv.Itoa(class))
		}
	}
	for part, images := range map[string]idx.Images{"train": train, "test": test} {
		if err := check(images, len(config.Classes)); err != nil {
			return nil, fmt.Errorf("multimnist: %s: %w", part, err)
		}
	}
	if config.Validation < 0 || config.Validation >= train.Len() {
		return nil, fmt.Errorf("multimnist: cannot keep %d of %d training images for validation", config.Validation, train.Len())
	}
	set := &datasets.Set{
		Name: config.Name,
		Description: "Two images of 28×28 pixels on a canvas of 36×36, the second moved by 6 pixels down and right, the larger value " +
			"where they overlap, resized to 28×28 by the nearest pixel, scaled by (value/255 - 0.1307) / 0.3081.",
		Licence:  config.Licence,
		Citation: "O. Sener and V. Koltun (2018). Multi-Task Learning as Multi-Objective Optimization. NeurIPS. " + config.Citation,
		Tasks: []datasets.TaskInfo{
			{Name: TaskLeft, Kind: mtl.KindClassification, Classes: config.Classes, Description: "the class of the top left image"},
			{Name: TaskRight, Kind: mtl.KindClassification, Classes: config.Classes, Description: "the class of the bottom right image"},
		},
	}
	cut := train.Len() - config.Validation
	set.Train = compose(slice(train, 0, cut), config.Seed, datasets.Train)
	if config.Validation > 0 {
		set.Validation = compose(slice(train, cut, train.Len()), config.Seed, datasets.Validation)
	}
	set.Test = compose(test, config.Seed, datasets.Test)
	return set, nil
}

// check looks for what cannot be composed.
func check(images idx.Images, classes int) error {
	if images.Len() == 0 {
		return errors.New("there are no images")
	}
	if images.Height != side || images.Width != side || len(images.Pixels) != images.Len()*side*side {
		return fmt.Errorf("%d images should have 28×28 pixels, got %d×%d and %d pixels in all", images.Len(), images.Height, images.Width, len(images.Pixels))
	}
	if most := slices.Max(images.Labels); int(most) >= classes {
		return fmt.Errorf("label %d should be in 0..%d", most, classes-1)
	}
	return nil
}

// slice is the images from..to.
func slice(images idx.Images, from, to int) idx.Images {
	images.Pixels, images.Labels = images.Pixels[from*side*side:to*side*side], images.Labels[from:to]
	return images
}

// compose makes the scenes of one part.
func compose(images idx.Images, seed uint64, part datasets.Part) *mtl.Split {
	n := images.Len()
	pixels := make([]float32, 0, n*side*side)
	left, right := make([]int32, n), make([]int32, n)
	for i := range n {
		j := datasets.Stream(seed, part, i).IntN(n)
		for _, value := range Compose(slice(images, i, i+1).Pixels, slice(images, j, j+1).Pixels) {
			pixels = append(pixels, (float32(value)/255-0.1307)/0.3081)
		}
		left[i], right[i] = int32(images.Labels[i]), int32(images.Labels[j])
	}
	return &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(pixels, n, side, side, 1)},
		Labels: map[string]*tensors.Tensor{
			TaskLeft:  tensors.FromFlatDataAndDimensions(left, n),
			TaskRight: tensors.FromFlatDataAndDimensions(right, n),
		},
	}
}
