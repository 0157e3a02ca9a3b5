package metric_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl/metric"
)

// A metric adds up over batches; the third label of the first batch is unknown.
func Example() {
	b, err := backend.Go()
	if err != nil {
		fmt.Println(err)
		return
	}
	accuracy := metric.Accuracy{}
	sums, err := graph.NewExec(b, accuracy.Sums)
	if err != nil {
		fmt.Println(err)
		return
	}
	var total []float64
	for _, batch := range []struct {
		label      []int32
		mask       []bool
		prediction [][]float32
	}{
		{[]int32{0, 1, -1}, []bool{true, true, false}, [][]float32{{2, 1}, {3, 1}, {0, 5}}},
		{[]int32{1, 0, 1}, []bool{true, true, true}, [][]float32{{0, 1}, {4, 1}, {-2, 5}}},
	} {
		vector, err := sums.Call1(batch.label, batch.mask, batch.prediction)
		if err != nil {
			fmt.Println(err)
			return
		}
		values := vector.Value().([]float64)
		if total == nil {
			total = make([]float64, len(values))
		}
		for i, value := range values {
			total[i] += value
		}
	}
	fmt.Printf("%s %.2f of %v\n", accuracy.Name(), accuracy.Value(total), total)
	// Output: accuracy 0.80 of [4 5]
}
