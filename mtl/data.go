package mtl

import (
	"github.com/gomlx/gomlx/core/tensors"
)

// Split is one part of a data set in memory: the inputs and, for each task, its labels. Axis 0 of every tensor counts the
// examples and must agree. The tensors stay owned by the Split: training reads them and never frees them.
type Split struct {
	// Inputs are handed to the architecture in this order, each [examples, ...].
	Inputs []*tensors.Tensor
	// Labels by task name, each [examples, ...]: int32 class indices for classification [examples] and segmentation
	// [examples, height, width]; float32 for binary [examples], multi-label [examples, classes], regression
	// [examples] or [examples, values] and pixel regression [examples, height, width].
	Labels map[string]*tensors.Tensor
	// Masks by task name, boolean, true where the label is known: [examples] or the shape of the labels. A task without
	// an entry is labelled everywhere.
	Masks map[string]*tensors.Tensor
}

// Len is the number of examples.
func (s *Split) Len() int {
	if s == nil || len(s.Inputs) == 0 || s.Inputs[0] == nil || s.Inputs[0].Rank() == 0 {
		return 0
	}
	return s.Inputs[0].Shape().Dimensions[0]
}
