package mtl

import (
	"math"

	"github.com/gomtl/gomtl/mtl/metric"
)

// PixelRegression predicts a real number per pixel, such as its depth: labels float32 [batch, height, width], predictions the same, squared
// error averaged over the labelled pixels, with RMSE, MAE and R2 over all labelled pixels of a set.
func PixelRegression(name string, options ...TaskOption) Task {
	return newTask(Task{
		Name:        name,
		Kind:        KindPixelRegression,
		Head:        PixelHead{Outputs: 1, Scalar: true},
		Loss:        SquaredError,
		Metrics:     []metric.Metric{metric.RMSE{}, metric.MAE{}, metric.R2{}},
		CheckLabels: checkRange(math.Inf(-1), math.Inf(1)),
	}, options)
}
