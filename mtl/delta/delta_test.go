package delta_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/delta"
)

// The row LS (equal weights) of the NYUv2 table of Nash-MTL (Navon et al. 2022) against its single-task row. The table prints
// Δm = 5.59 by the metric-mean; the task-mean of the same row has the opposite verdict.
func TestDeltaOnNYUv2(t *testing.T) {
	rows := []delta.Compared{
		{"segmentation", "mIoU", true, 0.3929, 0.3830},
		{"segmentation", "pixelAccuracy", true, 0.6533, 0.6376},
		{"depth", "absolute", false, 0.5493, 0.6754},
		{"depth", "relative", false, 0.2263, 0.2780},
		{"normals", "mean", false, 28.15, 25.01},
		{"normals", "median", false, 23.96, 19.21},
		{"normals", "within 11.25", true, 0.2209, 0.3014},
		{"normals", "within 22.5", true, 0.4750, 0.5720},
		{"normals", "within 30", true, 0.6108, 0.6915},
	}
	got, err := delta.MetricMean(rows)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Percent-5.59) > 0.005 || got.HigherIsBetter {
		t.Errorf("metric-mean: got %+v, want 5.59, lower is better", got)
	}
	got, err = delta.TaskMean(rows)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Percent-0.88) > 0.005 || !got.HigherIsBetter {
		t.Errorf("task-mean: got %+v, want 0.88, higher is better", got)
	}
}

// By hand: accuracy +10 %, F1 -20 % of one task, error -50 % (better) of another.
func TestDeltaByHand(t *testing.T) {
	rows := []delta.Compared{{"a", "accuracy", true, 0.55, 0.5}, {"a", "F1", true, 0.4, 0.5}, {"b", "MAE", false, 1, 2}}
	byMetric, err := delta.MetricMean(rows)
	if err != nil {
		t.Fatal(err)
	}
	if want := -(10. - 20 + 50) / 3; math.Abs(byMetric.Percent-want) > 1e-12 {
		t.Errorf("metric-mean: got %g, want %g", byMetric.Percent, want)
	}
	byTask, err := delta.TaskMean(rows)
	if err != nil {
		t.Fatal(err)
	}
	if want := (-5. + 50) / 2; math.Abs(byTask.Percent-want) > 1e-12 {
		t.Errorf("task-mean: got %g, want %g", byTask.Percent, want)
	}
}

func TestDeltaErrors(t *testing.T) {
	for _, rows := range [][]delta.Compared{
		nil,
		{{"a", "R2", true, 0.5, 0}},
		{{"a", "R2", true, 0.5, -0.2}}, // dividing by it would turn better into worse
		{{"a", "R2", true, math.NaN(), 0.5}},
		{{"a", "R2", true, 0.5, math.NaN()}},
		{{"a", "R2", true, 0.5, math.Inf(1)}},
		{{"a", "loss", false, math.Inf(1), 0.5}},
		{{"a", "loss", false, 1e308, 1e-308}},
		{{"a", "loss", false, 1e308, 1}}, // 1e310 %
	} {
		for name, define := range map[string]func([]delta.Compared) (delta.Delta, error){
			"metric-mean": delta.MetricMean, "task-mean": delta.TaskMean,
		} {
			if _, err := define(rows); err == nil || !strings.HasPrefix(err.Error(), "delta: Delta-m") {
				t.Errorf("%s of %v: got error %v", name, rows, err)
			}
		}
	}
}
