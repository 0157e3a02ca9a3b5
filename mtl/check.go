package mtl

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl/history"
)

// Check reports what of the split cannot train or evaluate these tasks: no examples, counts that differ, labels missing, of the wrong type
// or out of range, NaN in inputs, a name that is no task's. A split of the name "train" must have a label of every task.
func (s *Split) Check(name string, tasks []Task) error {
	if s == nil || len(s.Inputs) == 0 {
		return fmt.Errorf("mtl: the %s split is empty: it needs at least one input tensor with at least one example", name)
	}
	names := make([]string, len(tasks))
	for i := range tasks {
		names[i] = tasks[i].Name
	}
	if err := s.checkInputs(name); err != nil {
		return err
	}
	for _, group := range []map[string]*tensors.Tensor{s.Labels, s.Masks} {
		for key := range group {
			if !slices.Contains(names, key) {
				return fmt.Errorf("mtl: the %s split has labels or a mask for %q, which is no task of the model: the tasks are %q", name, key, names)
			}
		}
	}
	for i := range tasks {
		if err := s.checkTask(name, &tasks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Split) checkInputs(name string) error {
	for i, input := range s.Inputs {
		what := fmt.Sprintf("input %d of the %s split", i, name)
		switch {
		case input == nil:
			return fmt.Errorf("mtl: %s is nil; wanted a tensor [examples, ...]", what)
		case input.Rank() == 0:
			return fmt.Errorf("mtl: %s is a scalar, %s; wanted [examples, ...]", what, input.Shape())
		case input.Shape().Size() == 0:
			return fmt.Errorf("mtl: %s is empty: it is shaped %s; wanted at least one example, and at least one number in each", what, input.Shape())
		}
		if err := s.checkLen(what, input); err != nil {
			return err
		}
		if err := checkFinite(what, input); err != nil {
			return err
		}
	}
	return nil
}

func (s *Split) checkTask(name string, t *Task) error {
	labels, mask := s.Labels[t.Name], s.Masks[t.Name]
	if labels == nil {
		return fmt.Errorf("mtl: the %s split has no labels for task %q: add Split.Labels[%q]", name, t.Name, t.Name)
	}
	if err := s.checkLen(fmt.Sprintf("labels of task %q in the %s split", t.Name, name), labels); err != nil {
		return err
	}
	if mask != nil {
		if err := s.checkLen(fmt.Sprintf("mask of task %q in the %s split", t.Name, name), mask); err != nil {
			return err
		}
	}
	if t.CheckLabels != nil {
		if err := t.CheckLabels(t, labels, mask); err != nil {
			return fmt.Errorf("%w (%s split)", err, name)
		}
	}
	if name != history.Train {
		return nil
	}
	some, err := t.labelled(labels, mask)
	if err == nil && !some {
		err = fmt.Errorf("mtl: task %q has no labelled example in the %s split: every entry is masked out or the ignored label, so that nothing would train it: give it labels, or take it out of the model", t.Name, name)
	}
	return err
}

func (s *Split) checkLen(what string, t *tensors.Tensor) error {
	if t.Rank() == 0 || t.Shape().Dimensions[0] != s.Len() {
		return fmt.Errorf("mtl: the %s are shaped %v; wanted %d examples on axis 0, as many as the first input has", what, t.Shape(), s.Len())
	}
	return nil
}

func float32s(what string, t *tensors.Tensor) ([]float32, error) {
	if t.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("mtl: %s are %s; wanted float32", what, t.DType())
	}
	return tensors.CopyFlatData[float32](t)
}

func int32s(task string, t *tensors.Tensor) ([]int32, error) {
	if t.DType() != dtypes.Int32 {
		return nil, fmt.Errorf("mtl: the labels of task %q are %s; wanted int32 class indices", task, t.DType())
	}
	return tensors.CopyFlatData[int32](t)
}

// known returns a function that says of each flat label entry whether it is labelled. mask is nil, [examples] or shaped like labels.
func (t *Task) known(labels, mask *tensors.Tensor) (func(i int) bool, error) {
	known, err := maskAt(t.Name, labels, mask)
	if err != nil || t.IgnoreLabel == nil {
		return known, err
	}
	switch labels.DType() {
	case dtypes.Int32:
		flat, err := tensors.CopyFlatData[int32](labels)
		return func(i int) bool { return known(i) && flat[i] != *t.IgnoreLabel }, err
	case dtypes.Float32:
		flat, err := tensors.CopyFlatData[float32](labels)
		return func(i int) bool { return known(i) && flat[i] != float32(*t.IgnoreLabel) }, err
	}
	return known, nil
}

// labelled is true if any entry has a label.
func (t *Task) labelled(labels, mask *tensors.Tensor) (bool, error) {
	known, err := t.known(labels, mask)
	if err != nil {
		return false, err
	}
	for i := range labels.Shape().Size() {
		if known(i) {
			return true, nil
		}
	}
	return false, nil
}

// maskAt returns a function that says whether the flat label entry i is labelled. mask is nil, [examples] or shaped like labels.
func maskAt(task string, labels, mask *tensors.Tensor) (func(i int) bool, error) {
	if mask == nil {
		return func(int) bool { return true }, nil
	}
	if mask.DType() != dtypes.Bool {
		return nil, fmt.Errorf("mtl: the mask of task %q is %s; wanted bool", task, mask.DType())
	}
	have, want := mask.Shape().Dimensions, labels.Shape().Dimensions
	if len(have) > len(want) || !slices.Equal(have, want[:len(have)]) {
		return nil, fmt.Errorf("mtl: the mask of task %q is shaped %v; wanted [%d] or the shape of its labels, %v", task, have, want[0], want)
	}
	flat, err := tensors.CopyFlatData[bool](mask)
	if err != nil {
		return nil, err
	}
	entries := max(1, labels.Shape().Size()/max(1, len(flat)))
	return func(i int) bool { return flat[i/entries] }, nil
}
