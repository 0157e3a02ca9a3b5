package transfer

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// anchorScope holds, for each anchored variable, the value that it is drawn to and how strongly.
const anchorScope = "/transfer/anchor"

// Anchor makes the present values under the paths, by default "shared", the point that Anchored draws them to, each with importance 1: the starting
// point of L2-SP. Earlier anchors there are replaced, and those of variables that are not trained do nothing. Anchors are variables of the store, so checkpoints keep them.
func Anchor(store *model.Store, paths ...string) error {
	values, err := valuesOf(store, trunk(paths))
	if err != nil {
		return err
	}
	anchored := 0
	for _, n := range values {
		if !n.value.DType().IsFloat() {
			continue
		}
		importance, err := n.value.LocalClone()
		if err != nil {
			return err
		}
		if err := fill(importance, 1); err != nil {
			return err
		}
		if err := setAnchor(store, n.path, n.value, importance); err != nil {
			return err
		}
		anchored++
	}
	if anchored == 0 {
		return fmt.Errorf("transfer: no variable under %q can be anchored: none is of floating-point numbers", trunk(paths))
	}
	return nil
}

// AnchorBy anchors the variables that importance names, as Fisher returns it, at their present values: elastic weight consolidation. A variable that is
// anchored already gets the sum of both penalties: Σ_i F_i·(w − w_i)² is, but for a constant, F·(w − w̄)² with F = Σ F_i and w̄ = Σ F_i·w_i / F, so that
// any number of tasks one after the other costs no more than one.
func AnchorBy(store *model.Store, importance map[string]*tensors.Tensor) error {
	if len(importance) == 0 {
		return fmt.Errorf("transfer: AnchorBy got no importances: wanted those of Fisher, by path of the variable")
	}
	for path, added := range importance {
		v := store.GetVariable(path)
		switch {
		case v == nil || !v.HasValue():
			return fmt.Errorf("transfer: importance of %q, but the store has no such variable with a value", path)
		case v.DType() != dtypes.Float32 || !v.Shape().Equal(added.Shape()):
			return fmt.Errorf("transfer: the importance of %q is %s and the variable %s; wanted float32 and the same shape", path, added.Shape(), v.Shape())
		}
		value, err := tensors.CopyFlatData[float32](v.MustValue())
		if err != nil {
			return err
		}
		f, err := tensors.CopyFlatData[float32](added)
		if err != nil {
			return err
		}
		if old := store.GetVariable(anchorOf(path, "value")); old != nil && old.HasValue() {
			at, errA := tensors.CopyFlatData[float32](old.MustValue())
			by, errB := tensors.CopyFlatData[float32](store.GetVariable(anchorOf(path, "importance")).MustValue())
			if errA != nil || errB != nil || len(at) != len(f) {
				return fmt.Errorf("transfer: the earlier anchor of %q cannot be used: it has %d values, the variable %d", path, len(at), len(f))
			}
			for i := range f {
				sum := f[i] + by[i]
				if sum > 0 {
					value[i] = (f[i]*value[i] + by[i]*at[i]) / sum
				}
				f[i] = sum
			}
		}
		dims := v.Shape().Dimensions
		if err := setAnchor(store, path, tensors.FromFlatDataAndDimensions(value, dims...), tensors.FromFlatDataAndDimensions(f, dims...)); err != nil {
			return err
		}
	}
	return nil
}

func anchorOf(path, part string) string { return anchorScope + path + "/" + part }

func setAnchor(store *model.Store, path string, value, importance *tensors.Tensor) error {
	for part, t := range map[string]*tensors.Tensor{"value": value, "importance": importance} {
		var err error
		v := store.GetVariable(anchorOf(path, part))
		if v == nil {
			v, err = store.CreateVariable(anchorOf(path, part), t)
		} else {
			err = v.SetValue(t)
		}
		if err != nil {
			return fmt.Errorf("transfer: the anchor of %q cannot be kept: %w", path, err)
		}
		v.SetTrainable(false)
	}
	return nil
}

// fill sets every element of a tensor of floating-point numbers.
func fill(t *tensors.Tensor, value float64) error {
	n := t.Shape().Size()
	switch t.DType() {
	case dtypes.Float32:
		return tensors.AssignFlatData(t, repeated(float32(value), n))
	case dtypes.Float64:
		return tensors.AssignFlatData(t, repeated(value, n))
	}
	return fmt.Errorf("transfer: a variable is %s; wanted float32 or float64 to anchor it", t.Shape())
}

func repeated[T any](value T, n int) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = value
	}
	return all
}
