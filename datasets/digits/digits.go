// Package digits is the test part of UCI's "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998, CC BY 4.0):
// 1,797 real handwritten digits of 8×8 pixels, small enough to be part of the program. It is the data of scikit-learn's
// load_digits. The rows come from 13 writers without saying which, so the parts share writers.
package digits

import (
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
)

// Names of the tasks of [Load].
const (
	TaskDigit  = "digit"
	TaskParity = "parity"
	TaskInk    = "ink"
)

// Load is the data set with its fixed split of 1,077, 360 and 360 images. The input is float32 [n, 8, 8, 1], ink divided by
// 16 to lie in 0..1. The tasks:
//
//   - "digit": which digit it is, classification, int32 [n], 10 classes;
//   - "parity": whether the digit is odd, binary, float32 [n]; a function of the class, so closely related to it;
//   - "ink": the sum of the pixels (of 0..16 each) / 100, regression, float32 [n]; a function of the image alone.
func Load() (*datasets.Set, error) {
	set := &datasets.Set{
		Name: "digits",
		Description: "Handwritten digits of 8×8 pixels, ink scaled to 0..1, in a fixed random split of 1,077 train, 360 validation and " +
			"360 test images. The writers are not known, so the parts share writers.",
		Licence:  "CC-BY-4.0",
		Citation: "E. Alpaydin and C. Kaynak (1998). Cascading Classifiers. Kybernetika 34(4), 369-374.",
		Tasks: []datasets.TaskInfo{
			{Name: TaskDigit, Kind: mtl.KindClassification, Classes: Classes(),
				Description: "which digit the image shows"},
			{Name: TaskParity, Kind: mtl.KindBinary, Classes: []string{"even", "odd"},
				Description: "whether the digit is odd"},
			{Name: TaskInk, Kind: mtl.KindRegression, Unit: "ink/100",
				Description: "the sum of the pixels' ink of 0..16 each, divided by 100"},
		},
	}
	var err error
	if set.Train, err = load(datasets.Train); err != nil {
		return nil, err
	}
	if set.Validation, err = load(datasets.Validation); err != nil {
		return nil, err
	}
	if set.Test, err = load(datasets.Test); err != nil {
		return nil, err
	}
	return set, nil
}

// Classes names the ten classes, "0" to "9".
func Classes() []string {
	names := make([]string, 10)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// load makes the tensors of one part.
func load(part datasets.Part) (*mtl.Split, error) {
	images, err := Images(part)
	if err != nil {
		return nil, err
	}
	n := len(images)
	pixels := make([]float32, 0, n*Side*Side)
	class, parity, ink := make([]int32, n), make([]float32, n), make([]float32, n)
	for i, image := range images {
		total := 0
		for _, value := range image.Pixels {
			pixels = append(pixels, float32(value)/Ink)
			total += int(value)
		}
		class[i] = int32(image.Class)
		parity[i] = float32(image.Class % 2)
		ink[i] = float32(total) / 100
	}
	return &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(pixels, n, Side, Side, 1)},
		Labels: map[string]*tensors.Tensor{
			TaskDigit:  tensors.FromFlatDataAndDimensions(class, n),
			TaskParity: tensors.FromFlatDataAndDimensions(parity, n),
			TaskInk:    tensors.FromFlatDataAndDimensions(ink, n),
		},
	}, nil
}
