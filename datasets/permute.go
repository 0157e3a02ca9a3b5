package datasets

import (
	"fmt"
	"maps"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// PermuteLabels is the set with one task's labels (and their mask) dealt out anew among the examples of each part: the
// same marginal distribution, but nothing to learn from the inputs and no relation to any other task. It is the unrelated
// control task of an experiment on relatedness. Everything else is shared with the set given.
func PermuteLabels(set *Set, task string, seed uint64) (*Set, error) {
	if _, err := set.Task(task); err != nil {
		return nil, err
	}
	permuted := *set
	for _, part := range Parts() {
		split := set.Part(part)
		if split == nil {
			continue
		}
		order := Stream(seed, part, 0).Perm(split.Len())
		labels, err := gather(split.Labels[task], split.Len(), order)
		if err != nil {
			return nil, fmt.Errorf("datasets: labels of task %q: %w", task, err)
		}
		masks := split.Masks
		if mask := masks[task]; mask != nil {
			if mask, err = gather(mask, split.Len(), order); err != nil {
				return nil, fmt.Errorf("datasets: mask of task %q: %w", task, err)
			}
			masks = with(masks, task, mask)
		}
		permuted.setPart(part, &mtl.Split{Inputs: split.Inputs, Labels: with(split.Labels, task, labels), Masks: masks})
	}
	return &permuted, nil
}

// setPart puts a split in its place.
func (s *Set) setPart(part Part, split *mtl.Split) {
	switch part {
	case Train:
		s.Train = split
	case Validation:
		s.Validation = split
	case Test:
		s.Test = split
	}
}

// with is a copy of the map with one entry replaced.
func with(from map[string]*tensors.Tensor, name string, t *tensors.Tensor) map[string]*tensors.Tensor {
	to := maps.Clone(from)
	if to == nil {
		to = make(map[string]*tensors.Tensor, 1)
	}
	to[name] = t
	return to
}
