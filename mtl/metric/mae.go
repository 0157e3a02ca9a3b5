package metric

import (
	"github.com/gomlx/gomlx/core/graph"
)

// MAE is the mean absolute error: labels float32 [batch] or [batch, values], predictions of the same shape. Several
// values are averaged, each having its own mean over its labelled entries. scikit-learn: mean_absolute_error.
type MAE struct{}

// Name is "MAE".
func (MAE) Name() string { return "MAE" }

// HigherIsBetter is false.
func (MAE) HigherIsBetter() bool { return false }

// Sums is [values·2]: for each value the sum of absolute errors and the labels.
func (m MAE) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkSame(m.Name(), label, mask, prediction)
	return errorSums(label, mask, prediction, graph.Abs)
}

// Value is the mean absolute error in the label's unit, NaN without labels.
func (MAE) Value(sums []float64) float64 { return columnMean(sums, 2, columnOf) }
