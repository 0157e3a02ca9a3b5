package pareto_test

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl/pareto"
)

// Two errors of five settings: lower is better in both.
func Example() {
	errors := [][]float64{{0.10, 0.90}, {0.15, 0.40}, {0.60, 0.35}, {0.70, 0.50}, {0.90, 0.30}}
	fmt.Println("front:", pareto.Front(errors))
	if volume, err := pareto.Hypervolume(errors, []float64{1, 1}); err == nil {
		fmt.Printf("hypervolume up to (1, 1): %.4f\n", volume)
	}
	fmt.Println("knee:", errors[pareto.Knee(errors)])
	gap := pareto.Gaps(errors)[0]
	fmt.Println("thinnest between", errors[gap.A], "and", errors[gap.B])
	// Output:
	// front: [0 1 2 4]
	// hypervolume up to (1, 1): 0.5400
	// knee: [0.15 0.4]
	// thinnest between [0.1 0.9] and [0.15 0.4]
}
