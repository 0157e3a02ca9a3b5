package mtl

import (
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// Only is the model with the named tasks alone, in the order of the names, as for a single-task baseline. The architecture is shared.
func (m *Model) Only(names ...string) (*Model, error) {
	part := &Model{Arch: m.Arch}
	for _, name := range names {
		task, err := m.Task(name)
		if err != nil {
			return nil, err
		}
		part.Tasks = append(part.Tasks, *task)
	}
	return part, nil
}

// Only is the split with the labels and masks of the named tasks alone. The tensors are shared.
func (s *Split) Only(names ...string) *Split {
	keep := func(all map[string]*tensors.Tensor) map[string]*tensors.Tensor {
		part := maps.Clone(all)
		maps.DeleteFunc(part, func(name string, _ *tensors.Tensor) bool { return !slices.Contains(names, name) })
		return part
	}
	return &Split{Inputs: s.Inputs, Labels: keep(s.Labels), Masks: keep(s.Masks)}
}
