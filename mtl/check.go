package mtl

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Check reports what of the split cannot train or evaluate these tasks: no examples, counts that differ, labels missing, of the wrong type
// or out of range, NaN in inputs, a name that is no task's.
func (s *Split) Check(name string, tasks []Task) error {
	if s.Len() == 0 {
		return fmt.Errorf("mtl: the %s split is empty: it needs at least one input tensor with at least one example", name)
	}
	names := make([]string, len(tasks))
	for i := range tasks {
		names[i] = tasks[i].Name
	}
	for i, input := range s.Inputs {
		if err := s.checkLen(fmt.Sprintf("input %d of the %s split", i, name), input); err != nil {
			return err
		}
		if err := checkFinite(fmt.Sprintf("input %d of the %s split", i, name), input); err != nil {
			return err
		}
	}
	for _, group := range []map[string]*tensors.Tensor{s.Labels, s.Masks} {
		for key := range group {
			if !slices.Contains(names, key) {
				return fmt.Errorf("mtl: the %s split has labels or a mask for %q, which is no task of the model: the tasks are %q", name, key, names)
			}
		}
	}
	for i := range tasks {
		t := &tasks[i]
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
	}
	return nil
}

func (s *Split) checkLen(what string, t *tensors.Tensor) error {
	if t == nil || t.Rank() == 0 || t.Shape().Dimensions[0] != s.Len() {
		return fmt.Errorf("mtl: the %s are shaped %v; wanted %d examples on axis 0, as many as the first input has", what, t.Shape(), s.Len())
	}
	return nil
}

// checkFinite names the first example with a NaN or an infinity.
func checkFinite(what string, t *tensors.Tensor) error {
	if !t.DType().IsFloat() || t.DType() != dtypes.Float32 {
		return nil
	}
	flat, err := float32s(what, t)
	if err != nil {
		return err
	}
	perExample := max(1, len(flat)/max(1, t.Shape().Dimensions[0]))
	for i, v := range flat {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("mtl: %s: example %d holds %v; wanted finite numbers: remove or fill such examples first", what, i/perExample, v)
		}
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

// maskAt returns a function that tells whether the flat label entry i is labelled. mask is nil, [examples] or shaped like labels.
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
