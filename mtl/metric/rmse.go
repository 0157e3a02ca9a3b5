package metric

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// RMSE is the root of the mean squared error: labels float32 [batch] or [batch, values], predictions of the same shape.
// Several values are averaged, each having its own root. scikit-learn: root_mean_squared_error.
type RMSE struct{}

// Name is "RMSE".
func (RMSE) Name() string { return "RMSE" }

// HigherIsBetter is false.
func (RMSE) HigherIsBetter() bool { return false }

// Sums is [values·2]: for each value the sum of squared errors and the labels.
func (r RMSE) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkSame(r.Name(), label, mask, prediction)
	return errorSums(label, mask, prediction, graph.Square)
}

// Value is the root mean squared error in the label's unit, NaN without labels.
func (RMSE) Value(sums []float64) float64 {
	return columnMean(sums, 2, func(sums []float64) (float64, bool) {
		v, enough := columnOf(sums)
		return math.Sqrt(v), enough
	})
}
