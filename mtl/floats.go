package mtl

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/gomlx/core/tensors"
)

// EachFloat calls visit with every number of a floating-point tensor, in the order of its flat data, until one gives an error. A tensor of another type has none.
func EachFloat(t *tensors.Tensor, visit func(i int, v float64) error) error {
	switch t.DType() {
	case dtypes.Float64:
		return each(t, func(v float64) float64 { return v }, visit)
	case dtypes.Float32:
		return each(t, func(v float32) float64 { return float64(v) }, visit)
	case dtypes.Float16:
		return each(t, float16.Float16.Float64, visit)
	case dtypes.BFloat16:
		return each(t, bfloat16.BFloat16.Float64, visit)
	}
	return nil
}

func each[T float64 | float32 | float16.Float16 | bfloat16.BFloat16](t *tensors.Tensor, wide func(T) float64, visit func(i int, v float64) error) (err error) {
	failed := tensors.ConstFlatData(t, func(flat []T) {
		for i, v := range flat {
			if err = visit(i, wide(v)); err != nil {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// checkFinite names the first example with a NaN or an infinity.
func checkFinite(what string, t *tensors.Tensor) error {
	perExample := max(1, t.Shape().Size()/max(1, t.Shape().Dimensions[0]))
	return EachFloat(t, func(i int, v float64) error {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("mtl: %s: example %d holds %v; wanted finite numbers: remove or fill such examples first", what, i/perExample, v)
		}
		return nil
	})
}
