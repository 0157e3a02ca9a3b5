package metric_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/metric"
)

// A prediction that is not a number is never right: figures of answers count it as a wrong one, the others are NaN.
func TestNaNPredictions(t *testing.T) {
	nan := math.NaN()
	classes := fixture{Classes: 3, Dims: []int{4}, PredictionDims: []int{4, 3}, Label: []float64{0, 1, 2, 0}, Mask: []int{1, 1, 1, 1},
		Prediction: []float64{2, 1, 0, nan, nan, nan, 0, nan, 1, nan, 1, 0}}
	hidden := classes // NaN only where no label is known
	hidden.Mask = []int{1, 0, 0, 0}
	binary := fixture{Dims: []int{4}, PredictionDims: []int{4}, Label: []float64{0, 0, 1, 1}, Mask: []int{1, 1, 1, 1}, Prediction: []float64{nan, -1, 1, nan}}
	values := fixture{Dims: []int{3, 2}, PredictionDims: []int{3, 2}, Label: []float64{1, 1, 2, 2, 3, 3}, Mask: []int{1, 1, 1, 1, 1, 1},
		Prediction: []float64{1, nan, 2, 2, 3, 3}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, c := range []struct {
			metric metric.Metric
			of     fixture
			want   float64
		}{
			{metric.Accuracy{}, classes, 0.25}, {metric.PixelAccuracy{}, classes, 0.25}, {metric.TopK{K: 1}, classes, 0.25},
			{metric.MeanIoU{Classes: 3}, classes, nan}, {metric.MacroF1{Classes: 3}, classes, nan},
			{metric.Accuracy{}, hidden, 1}, {metric.MeanIoU{Classes: 3}, hidden, 1}, {metric.MacroF1{Classes: 3}, hidden, 1.0 / 3},
			// One true positive; the NaN of the first counts as a false positive, that of the last as a false negative.
			{metric.BinaryAccuracy{}, binary, 0.5}, {metric.BinaryF1{}, binary, 0.5},
			{metric.MAE{}, values, nan}, {metric.RMSE{}, values, nan}, {metric.R2{}, values, nan},
		} {
			sums, err := evaluate(graph.MustNewExec(b, c.metric.Sums), c.of, c.of.Dims[0])
			if err != nil {
				t.Fatalf("%T: %v", c.metric, err)
			}
			if got := c.metric.Value(sums); !(math.Abs(got-c.want) < 1e-12) && !(math.IsNaN(got) && math.IsNaN(c.want)) {
				t.Errorf("%T of NaN predictions is %g, want %g", c.metric, got, c.want)
			}
		}
	})
}
