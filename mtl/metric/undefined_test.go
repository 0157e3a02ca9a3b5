package metric_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/metric"
)

// Without a label a figure is NaN, and a batch without labels adds nothing.
func TestNoLabels(t *testing.T) {
	classes := fixture{Classes: 3, Dims: []int{2}, PredictionDims: []int{2, 3}, Label: make([]float64, 2), Mask: make([]int, 2), Prediction: make([]float64, 6)}
	values := fixture{Dims: []int{2, 3}, PredictionDims: []int{2, 3}, Label: make([]float64, 6), Mask: make([]int, 6), Prediction: make([]float64, 6)}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for m, f := range map[metric.Metric]fixture{
			metric.Accuracy{}: classes, metric.TopK{K: 2}: classes, metric.MacroF1{Classes: 3}: classes, metric.PixelAccuracy{}: classes,
			metric.MeanIoU{Classes: 3}: classes, metric.BinaryAccuracy{}: values, metric.BinaryF1{}: values,
			metric.MAE{}: values, metric.RMSE{}: values, metric.R2{}: values,
		} {
			sums, err := evaluate(graph.MustNewExec(b, m.Sums), f, 2)
			if err != nil {
				t.Fatalf("%T: %v", m, err)
			}
			for i, sum := range sums {
				if sum != 0 {
					t.Errorf("%T: a batch without labels gives sum %d = %g, want 0", m, i, sum)
				}
			}
			if got := m.Value(sums); !math.IsNaN(got) {
				t.Errorf("%T without labels: got %g, want NaN", m, got)
			}
		}
	})
}

// A value with fewer than two labels has no R2 and is left out of the mean over values.
func TestR2FewLabels(t *testing.T) {
	f := fixture{Dims: []int{3, 2}, PredictionDims: []int{3, 2}, Label: []float64{1, 9, 2, 9, 3, 9}, Mask: []int{1, 1, 1, 0, 1, 0},
		Prediction: []float64{1, 5, 2, 5, 4, 5}}
	sums, err := evaluate(graph.MustNewExec(backendtest.Go(t), metric.R2{}.Sums), f, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := (metric.R2{}).Value(sums); got != 0.5 { // 1 - 1/2 of the first value
		t.Errorf("got %g, want 0.5", got)
	}
}

// A logit that is not a number is never among the best.
func TestTopKOfNaN(t *testing.T) {
	nan := math.NaN()
	f := fixture{Classes: 3, Dims: []int{2}, PredictionDims: []int{2, 3}, Label: []float64{0, 2}, Mask: []int{1, 1}, Prediction: []float64{nan, nan, nan, 0, nan, 1}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		sums, err := evaluate(graph.MustNewExec(b, metric.TopK{K: 1}.Sums), f, 2)
		if err != nil {
			t.Fatal(err)
		}
		if sums[0] != 0 {
			t.Errorf("got %g hits, want 0", sums[0])
		}
	})
}

func TestWrongShapes(t *testing.T) {
	flat := fixture{Dims: []int{2}, PredictionDims: []int{2, 1}, Label: make([]float64, 2), Mask: make([]int, 2), Prediction: make([]float64, 2)}
	logits := fixture{Classes: 4, Dims: []int{2}, PredictionDims: []int{2, 3}, Label: make([]float64, 2), Mask: make([]int, 2), Prediction: make([]float64, 6)}
	for m, f := range map[metric.Metric]fixture{
		metric.MAE{}: flat, metric.R2{}: flat, metric.BinaryAccuracy{}: flat, metric.Accuracy{}: flat,
		metric.MeanIoU{Classes: 4}: logits, metric.MacroF1{}: logits, metric.TopK{K: -1}: logits,
	} {
		_, err := evaluate(graph.MustNewExec(backendtest.Go(t), m.Sums), f, 2)
		if err == nil || !strings.Contains(err.Error(), "mtl: metric") {
			t.Errorf("%T: got %v, want an error of the metric", m, err)
		}
	}
}

func TestConfusion(t *testing.T) {
	matrix, err := metric.Confusion([]float64{5, 1, 0, 2, 6, 0, 0, 0, 7})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(matrix); got != "[[5 1 0] [2 6 0] [0 0 7]]" {
		t.Errorf("got %s", got)
	}
	for _, sums := range [][]float64{nil, make([]float64, 2), make([]float64, 8)} {
		if _, err := metric.Confusion(sums); err == nil {
			t.Errorf("%d sums: no error", len(sums))
		}
	}
}
