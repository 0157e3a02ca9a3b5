package datasets

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// OnDevice is a copy of the split whose tensors lie in the memory of the backend's device 0, so that a training step that
// picks its batch by indices moves nothing. The bytes are the split's own; see [Bytes] for how many.
func OnDevice(split *mtl.Split, backend compute.Backend) (*mtl.Split, error) {
	copied := &mtl.Split{}
	var err error
	clone := func(t *tensors.Tensor) *tensors.Tensor {
		if err != nil {
			return nil
		}
		var moved *tensors.Tensor
		moved, err = t.OnDeviceClone(backend, 0)
		return moved
	}
	for _, input := range split.Inputs {
		copied.Inputs = append(copied.Inputs, clone(input))
	}
	cloneAll := func(from map[string]*tensors.Tensor) map[string]*tensors.Tensor {
		to := maps.Clone(from)
		for name, t := range to {
			to[name] = clone(t)
		}
		return to
	}
	copied.Labels, copied.Masks = cloneAll(split.Labels), cloneAll(split.Masks)
	if err != nil {
		return nil, fmt.Errorf("datasets: copy a split of %d bytes to the device of %s: %w", Bytes(split), backend.Name(), err)
	}
	return copied, nil
}

// Bytes is the memory of all tensors of a split.
func Bytes(split *mtl.Split) int64 {
	var total int64
	for _, t := range slices.Concat(split.Inputs, slices.Collect(maps.Values(split.Labels)), slices.Collect(maps.Values(split.Masks))) {
		total += t.ByteSize()
	}
	return total
}
