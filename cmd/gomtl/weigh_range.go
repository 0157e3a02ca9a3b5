package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
)

// span is what numbers of a type can be: the greatest, and the least above 0 with all its digits.
type span struct{ least, greatest float64 }

var spans = map[dtypes.DType]span{
	dtypes.Float32: {0x1p-126, math.MaxFloat32},
	dtypes.Float64: {0x1p-1022, math.MaxFloat64},
}

// checkRange refuses gradients whose inner products would overflow or vanish in numbers of a type:
// methods see nothing else of them, and would take such a task for one without a gradient.
func checkRange(states []steps, dtype dtypes.DType) error {
	limits := spans[dtype]
	for i, s := range states {
		for part, rows := range append([][][]float64{s.Jacobian}, s.Parts...) {
			for t, row := range rows {
				if err := limits.check(row, len(rows), dtype); err != nil {
					where := fmt.Sprintf("state %d", i+1)
					if part > 0 {
						where += fmt.Sprintf(", part %d", part)
					}
					return fmt.Errorf("%s: the gradient of task %d %w", where, t, err)
				}
			}
		}
		for _, loss := range slices.Concat(s.Losses, s.After) {
			if math.Abs(loss) > limits.greatest {
				return fmt.Errorf("state %d: the loss %g is too large a number for %s", i+1, loss, strings.ToLower(dtype.String()))
			}
		}
	}
	return nil
}

// check says what is wrong with a row of a Jacobian of so many rows.
func (s span) check(row []float64, rows int, dtype dtypes.DType) error {
	largest := 0.0
	for _, v := range row {
		largest = math.Max(largest, math.Abs(v))
	}
	if largest == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range row {
		sum += (v / largest) * (v / largest)
	}
	length := largest * math.Sqrt(sum)
	// By logarithms, as the square itself is what overflows. The sum of all inner products is at
	// most rows² of them.
	square := 2*math.Log(largest) + math.Log(sum)
	name := strings.ToLower(dtype.String())
	switch {
	case square+2*math.Log(float64(rows)) > math.Log(s.greatest):
		return fmt.Errorf("has the length %.4g: the numbers are too large, their squares overflow %s; "+
			"divide all gradients by one number", length, name)
	case square < math.Log(s.least):
		return fmt.Errorf("has the length %.4g: the numbers are too small, their squares vanish in %s; "+
			"multiply all gradients by one number", length, name)
	}
	return nil
}
