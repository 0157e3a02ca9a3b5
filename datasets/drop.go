package datasets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// DropLabels is the split with each example's label of one task hidden with this probability, independently: the mask is
// false there and the label is overwritten by zero, so that nothing can learn from it by mistake. What was hidden already stays
// hidden. The draw of example i depends on the seed and i only. Everything else is shared with the split given; use it
// on a training part, and leave the parts that measure whole.
func DropLabels(split *mtl.Split, task string, probability float64, seed uint64) (*mtl.Split, error) {
	if !(probability >= 0 && probability <= 1) {
		return nil, fmt.Errorf("datasets: the probability to drop a label is between 0 and 1, got %g", probability)
	}
	label := split.Labels[task]
	if label == nil {
		return nil, fmt.Errorf("datasets: the split has no labels of task %q", task)
	}
	n := split.Len()
	keep := make([]bool, n)
	for i := range keep {
		keep[i] = Stream(seed, Train, i).Float64() >= probability
	}
	mask := tensors.FromFlatDataAndDimensions(keep, n)
	if old := split.Masks[task]; old != nil {
		mask = old
	}
	mask, err := blank(mask, keep)
	if err != nil {
		return nil, fmt.Errorf("datasets: mask of task %q: %w", task, err)
	}
	if label, err = blank(label, keep); err != nil {
		return nil, fmt.Errorf("datasets: labels of task %q: %w", task, err)
	}
	return &mtl.Split{Inputs: split.Inputs, Labels: with(split.Labels, task, label), Masks: with(split.Masks, task, mask)}, nil
}

// blank copies a tensor with the rows that are not kept set to zero, which is false for booleans.
func blank(from *tensors.Tensor, keep []bool) (*tensors.Tensor, error) {
	if from.Rank() == 0 || from.Shape().Dimensions[0] != len(keep) {
		return nil, fmt.Errorf("axis 0 of shape %s should count the split's %d examples", from.Shape(), len(keep))
	}
	to, err := from.LocalClone()
	if err != nil {
		return nil, err
	}
	err = to.MutableBytes(func(bytes []byte) {
		size := len(bytes) / len(keep)
		for i, kept := range keep {
			if !kept {
				clear(bytes[i*size : (i+1)*size])
			}
		}
	})
	return to, err
}
