// Package delta has Δm (Delta-m), the one number that sums up a multi-task model against models trained on each task alone, under both definitions that
// are in print. It imports the standard library only, so that tables and figures can use it without GoMLX.
package delta

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Compared is one metric of one task next to the value of a model trained on that task alone, the baseline.
type Compared struct {
	Task, Metric    string
	HigherIsBetter  bool
	Value, Baseline float64
}

// mostChange leaves room for a sum of percents.
const mostChange = 1e300

// change is (Value - Baseline) / Baseline with the sign that makes better positive.
func (c Compared) change() (float64, error) {
	if !(c.Baseline > 0) || math.IsInf(c.Baseline, 1) || math.IsNaN(c.Value) || math.IsInf(c.Value, 0) {
		return 0, fmt.Errorf("delta: Delta-m compares finite values with baselines above 0, got %g against %g for %s of task %q; leave that metric out",
			c.Value, c.Baseline, c.Metric, c.Task)
	}
	change := (c.Value - c.Baseline) / c.Baseline
	if math.Abs(change) > mostChange {
		return 0, fmt.Errorf("delta: Delta-m of %s of task %q, %g against %g, is too large for a float64; leave that metric out", c.Metric, c.Task, c.Value, c.Baseline)
	}
	if !c.HigherIsBetter {
		change = -change
	}
	return change, nil
}

// Delta is a value of Delta-m, the summary of a multi-task model against single-task baselines, with the definition and the
// numbers it was made of. Two definitions are in print; on the same numbers they may disagree about which model is better.
type Delta struct {
	// Definition says which one this is, in words that fit beside the number.
	Definition string
	// Percent is the value.
	Percent float64
	// HigherIsBetter tells the direction: positive is better, or negative is.
	HigherIsBetter bool
	// Rows are the values and baselines it was made of.
	Rows []Compared
}

// String is the value with its definition, then a line for each metric with its baseline.
func (d Delta) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Δm %+.2f %% (%s)\n", d.Percent, d.Definition)
	for _, row := range d.Rows {
		fmt.Fprintf(&b, "  %s %s %.4g, single-task %.4g\n", row.Task, row.Metric, row.Value, row.Baseline)
	}
	return b.String()
}

// MetricMean is Δm = 100/K Σ_k (-1)^(s_k) (M_k - B_k) / B_k over all K metrics alike, with s_k = 1 where higher is better:
// lower is better. It is the definition of CAGrad (Liu et al. 2021), Nash-MTL (Navon et al. 2022) and FAMO (Liu et al. 2023). A task
// with many metrics counts for more. A baseline that is not above 0 is an error.
func MetricMean(rows []Compared) (Delta, error) {
	if len(rows) == 0 {
		return Delta{}, errors.New("delta: Delta-m needs at least one metric, got none")
	}
	var sum float64
	for _, row := range rows {
		change, err := row.change()
		if err != nil {
			return Delta{}, err
		}
		sum -= change
	}
	return Delta{
		Definition: "metric-mean: mean relative change over all metrics, lower is better",
		Percent:    100 * sum / float64(len(rows)),
		Rows:       rows,
	}, nil
}

// TaskMean is Δm = 100/T Σ_t 1/K_t Σ_k∈t (-1)^(l_k) (M_k - B_k) / B_k, each of the T tasks counting alike whatever the
// number K_t of its metrics, with l_k = 1 where lower is better: higher is better. It is the definition of Maninis,
// Radosavovic and Kokkinos (2019) and Vandenhende et al. (2021). A baseline that is not above 0 is an error.
func TaskMean(rows []Compared) (Delta, error) {
	if len(rows) == 0 {
		return Delta{}, errors.New("delta: Delta-m needs at least one metric, got none")
	}
	metrics := make(map[string]float64)
	for _, row := range rows {
		metrics[row.Task]++
	}
	var sum float64
	for _, row := range rows {
		change, err := row.change()
		if err != nil {
			return Delta{}, err
		}
		sum += change / metrics[row.Task]
	}
	return Delta{
		Definition:     "task-mean: mean relative change over each task's metrics, then over tasks, higher is better",
		Percent:        100 * sum / float64(len(metrics)),
		HigherIsBetter: true,
		Rows:           rows,
	}, nil
}
