package delta_test

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl/delta"
)

// The two printed definitions of Delta-m, on one task that won and one that lost.
func Example() {
	rows := []delta.Compared{
		{Task: "left", Metric: "accuracy", HigherIsBetter: true, Value: 0.99, Baseline: 0.90},
		{Task: "ink", Metric: "MAE", HigherIsBetter: false, Value: 0.16, Baseline: 0.20},
		{Task: "ink", Metric: "RMSE", HigherIsBetter: false, Value: 0.20, Baseline: 0.20},
	}
	byTask, err := delta.TaskMean(rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(byTask)
	byMetric, err := delta.MetricMean(rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("Δm %+.2f %% (%s)\n", byMetric.Percent, byMetric.Definition)
	// Output:
	// Δm +10.00 % (task-mean: mean relative change over each task's metrics, then over tasks, higher is better)
	//   left accuracy 0.99, single-task 0.9
	//   ink MAE 0.16, single-task 0.2
	//   ink RMSE 0.2, single-task 0.2
	// Δm -10.00 % (metric-mean: mean relative change over all metrics, lower is better)
}
