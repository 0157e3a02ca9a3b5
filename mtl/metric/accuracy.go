package metric

import (
	"github.com/gomlx/gomlx/core/graph"
)

// Accuracy is the share of labelled examples whose largest logit is the label's: labels int32 [batch], logits
// [batch, classes], of equal logits the first counts, and with NaN among them none is right. scikit-learn: accuracy_score.
type Accuracy struct{}

// Name is "accuracy".
func (Accuracy) Name() string { return "accuracy" }

// HigherIsBetter is true.
func (Accuracy) HigherIsBetter() bool { return true }

// Sums is [2]: the right answers and the labels.
func (a Accuracy) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkClasses(a.Name(), label, mask, prediction)
	return hits(label, mask, prediction)
}

// Value is right answers / labels, NaN without labels.
func (Accuracy) Value(sums []float64) float64 { return mean(sums) }

// hits counts where the largest logit is the label's, and the labels.
func hits(label, mask, prediction *graph.Node) *graph.Node {
	right := graph.Equal(graph.ArgMax(prediction, -1, label.DType()), label)
	right = graph.LogicalAnd(right, graph.LogicalNot(anyNaN(prediction)))
	return vector(count(graph.LogicalAnd(right, mask)), count(mask))
}
