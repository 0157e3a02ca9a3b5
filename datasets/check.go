package datasets

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// Check looks at every value of a set and returns all that is wrong with it, each error with the part and the task: shapes
// that do not fit, labels out of range, NaN or Inf in inputs or labels, a mask of the wrong shape, a part without examples.
// Labels that the mask hides may hold anything.
func (s *Set) Check() error {
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("datasets: "+s.Name+": "+format, args...))
	}
	if s.Name == "" {
		report("the set has no name")
	}
	if len(s.Tasks) == 0 {
		report("the set has no tasks")
	}
	for i, task := range s.Tasks {
		if err := task.check(); err != nil {
			report("%w", err)
		}
		if slices.Contains(s.TaskNames()[:i], task.Name) {
			report("two tasks have the name %q", task.Name)
		}
	}
	if s.Train == nil {
		report("the set has no train part")
	}
	for _, part := range Parts() {
		split := s.Part(part)
		if split == nil {
			continue
		}
		for _, err := range s.checkSplit(split) {
			report("%s: %w", part, err)
		}
		if s.Train != nil && !sameInputs(s.Train, split) {
			report("%s: the inputs should be typed and shaped like the train part's but for the number of examples", part)
		}
	}
	return errors.Join(problems...)
}

// check looks at what can be wrong with a task's description alone.
func (t TaskInfo) check() error {
	wanted := 0
	switch t.Kind {
	case mtl.KindClassification, mtl.KindSegmentation:
		wanted = 2
	case mtl.KindMultiLabel:
		wanted = 1
	case mtl.KindBinary:
		if n := len(t.Classes); n != 0 && n != 2 {
			return fmt.Errorf("binary task %q should name two classes or none, it names %d", t.Name, n)
		}
	case mtl.KindRegression, mtl.KindPixelRegression:
		if n := len(t.Classes); n != 0 {
			return fmt.Errorf("regression task %q should have no classes, it has %d", t.Name, n)
		}
	default:
		return fmt.Errorf("task %q has the unknown kind %s", t.Name, t.Kind)
	}
	if t.Name == "" {
		return errors.New("a task has no name")
	}
	if len(t.Classes) < wanted {
		return fmt.Errorf("%s task %q should have at least %d classes, it has %d", t.Kind, t.Name, wanted, len(t.Classes))
	}
	return nil
}

// sameInputs tells whether two splits can be fed to one model.
func sameInputs(a, b *mtl.Split) bool {
	return slices.EqualFunc(a.Inputs, b.Inputs, func(x, y *tensors.Tensor) bool {
		return x != nil && y != nil && x.DType() == y.DType() && x.Rank() == y.Rank() && x.Rank() > 0 &&
			slices.Equal(x.Shape().Dimensions[1:], y.Shape().Dimensions[1:])
	})
}

// checkSplit looks at one part.
func (s *Set) checkSplit(split *mtl.Split) []error {
	n := split.Len()
	if n == 0 {
		return []error{errors.New("the part has no examples")}
	}
	var problems []error
	for i, input := range split.Inputs {
		if input == nil {
			problems = append(problems, fmt.Errorf("input %d is nil", i))
		} else if got := input.Shape(); got.Rank() == 0 || got.Dimensions[0] != n {
			problems = append(problems, fmt.Errorf("input %d has shape %s, axis 0 should be the %d examples of input 0", i, got, n))
		} else if err := checkFinite(input, nil); err != nil {
			problems = append(problems, fmt.Errorf("input %d: %w", i, err))
		}
	}
	for _, task := range s.Tasks {
		if err := task.checkLabels(n, split.Labels[task.Name], split.Masks[task.Name]); err != nil {
			problems = append(problems, fmt.Errorf("task %q: %w", task.Name, err))
		}
	}
	for name := range split.Labels {
		if !slices.Contains(s.TaskNames(), name) {
			problems = append(problems, fmt.Errorf("labels of %q belong to no task", name))
		}
	}
	for name := range split.Masks {
		if !slices.Contains(s.TaskNames(), name) {
			problems = append(problems, fmt.Errorf("the mask of %q belongs to no task", name))
		}
	}
	return problems
}

// checkLabels looks at the labels of one task in one part of n examples.
func (t TaskInfo) checkLabels(n int, label, mask *tensors.Tensor) error {
	if label == nil {
		return errors.New("there are no labels")
	}
	dtype, dims := t.wanted(n, label)
	if label.DType() != dtype || !slices.Equal(label.Shape().Dimensions, dims) {
		return fmt.Errorf("%s labels should be %s %v, got %s", t.Kind, dtype, dims, label.Shape())
	}
	var known func(i int) bool
	if mask != nil {
		got := mask.Shape()
		if mask.DType() != dtypes.Bool || !slices.Equal(got.Dimensions, dims) && !slices.Equal(got.Dimensions, dims[:1]) {
			return fmt.Errorf("the mask should be bool %v or %v, got %s", dims[:1], dims, got)
		}
		flat, err := tensors.CopyFlatData[bool](mask)
		if err != nil {
			return err
		}
		repeat := label.Size() / mask.Size()
		known = func(i int) bool { return flat[i/repeat] }
	}
	if dtype == dtypes.Int32 {
		return t.checkClasses(label, known)
	}
	if err := checkFinite(label, known); err != nil || t.Kind == mtl.KindRegression || t.Kind == mtl.KindPixelRegression {
		return err
	}
	return eachKnown(label, known, func(i int, v float32) error {
		if v != 0 && v != 1 && (t.IgnoreLabel == nil || v != float32(*t.IgnoreLabel)) {
			return fmt.Errorf("label %d should be 0 or 1, got %g", i, v)
		}
		return nil
	})
}

// wanted is the type and shape the labels of n examples should have; sizes that are free are taken from the labels.
func (t TaskInfo) wanted(n int, label *tensors.Tensor) (dtypes.DType, []int) {
	free := label.Shape().Dimensions
	switch t.Kind {
	case mtl.KindClassification:
		return dtypes.Int32, []int{n}
	case mtl.KindSegmentation, mtl.KindPixelRegression:
		dtype := dtypes.Int32
		if t.Kind == mtl.KindPixelRegression {
			dtype = dtypes.Float32
		}
		height, width := 1, 1
		if len(free) == 3 {
			height, width = free[1], free[2]
		}
		return dtype, []int{n, height, width}
	case mtl.KindMultiLabel:
		return dtypes.Float32, []int{n, len(t.Classes)}
	case mtl.KindRegression:
		if len(t.Values) > 0 {
			return dtypes.Float32, []int{n, len(t.Values)}
		}
		if len(free) == 2 {
			return dtypes.Float32, []int{n, free[1]}
		}
	}
	return dtypes.Float32, []int{n}
}

// checkClasses looks for class indices out of range that are not the ignored one.
func (t TaskInfo) checkClasses(label *tensors.Tensor, known func(i int) bool) error {
	return eachKnown(label, known, func(i int, v int32) error {
		if (v < 0 || int(v) >= len(t.Classes)) && (t.IgnoreLabel == nil || v != *t.IgnoreLabel) {
			return fmt.Errorf("label %d should be in 0..%d, got %d", i, len(t.Classes)-1, v)
		}
		return nil
	})
}

// checkFinite looks for NaN and Inf in a tensor of floats; other types have none.
func checkFinite(t *tensors.Tensor, known func(i int) bool) error {
	return mtl.EachFloat(t, func(i int, v float64) error {
		if (known == nil || known(i)) && (math.IsNaN(v) || math.IsInf(v, 0)) {
			return fmt.Errorf("value %d is %g", i, v)
		}
		return nil
	})
}

// eachKnown calls check for each value whose mask is true (known may be nil) and returns the first error.
func eachKnown[T int32 | float32](t *tensors.Tensor, known func(i int) bool, check func(i int, v T) error) error {
	var found error
	err := tensors.ConstFlatData(t, func(flat []T) {
		for i, v := range flat {
			if known != nil && !known(i) {
				continue
			}
			if found = check(i, v); found != nil {
				return
			}
		}
	})
	return errors.Join(err, found)
}
