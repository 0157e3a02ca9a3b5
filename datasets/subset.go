package datasets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// Subset is a new split of the examples at these indices, in this order; an index may come more than once. Inputs, labels
// and masks are copied.
func Subset(split *mtl.Split, indices []int) (*mtl.Split, error) {
	n := split.Len()
	if len(indices) == 0 {
		return nil, fmt.Errorf("datasets: a subset needs at least one index, got none")
	}
	for _, index := range indices {
		if index < 0 || index >= n {
			return nil, fmt.Errorf("datasets: index %d of a subset is outside the split's %d examples", index, n)
		}
	}
	subset := &mtl.Split{}
	for i, input := range split.Inputs {
		rows, err := gather(input, n, indices)
		if err != nil {
			return nil, fmt.Errorf("datasets: input %d: %w", i, err)
		}
		subset.Inputs = append(subset.Inputs, rows)
	}
	var err error
	if subset.Labels, err = gatherAll(split.Labels, n, indices); err != nil {
		return nil, fmt.Errorf("datasets: labels of %w", err)
	}
	if subset.Masks, err = gatherAll(split.Masks, n, indices); err != nil {
		return nil, fmt.Errorf("datasets: mask of %w", err)
	}
	return subset, nil
}

// Take is a new split of the first n examples.
func Take(split *mtl.Split, n int) (*mtl.Split, error) {
	if n < 1 || n > split.Len() {
		return nil, fmt.Errorf("datasets: cannot take %d of a split's %d examples", n, split.Len())
	}
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return Subset(split, indices)
}

// gatherAll gathers the rows of each tensor of a map; nil stays nil.
func gatherAll(from map[string]*tensors.Tensor, n int, indices []int) (map[string]*tensors.Tensor, error) {
	if from == nil {
		return nil, nil
	}
	to := make(map[string]*tensors.Tensor, len(from))
	for name, t := range from {
		rows, err := gather(t, n, indices)
		if err != nil {
			return nil, fmt.Errorf("task %q: %w", name, err)
		}
		to[name] = rows
	}
	return to, nil
}

// gather copies rows of axis 0 of a tensor, whatever its type.
func gather(from *tensors.Tensor, n int, indices []int) (*tensors.Tensor, error) {
	shape := from.Shape().Clone()
	if shape.Rank() == 0 || shape.Dimensions[0] != n {
		return nil, fmt.Errorf("axis 0 of shape %s should count the split's %d examples", shape, n)
	}
	shape.Dimensions[0] = len(indices)
	to := tensors.FromShape(shape)
	var err error
	errFrom := from.ConstBytes(func(source []byte) {
		size := len(source) / n
		err = to.MutableBytes(func(target []byte) {
			for i, index := range indices {
				copy(target[i*size:(i+1)*size], source[index*size:(index+1)*size])
			}
		})
	})
	if errFrom != nil {
		return nil, errFrom
	}
	return to, err
}
