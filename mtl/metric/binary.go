package metric

import (
	"github.com/gomlx/gomlx/core/graph"
)

// BinaryAccuracy is the share of labelled entries whose logit is on the label's side of 0: labels float32 0 or 1, [batch] or
// multi-label [batch, classes], logits of the same shape. NaN is on neither side. For multi-label tasks it counts every class alike (1 - Hamming loss).
type BinaryAccuracy struct{}

// Name is "accuracy".
func (BinaryAccuracy) Name() string { return "accuracy" }

// HigherIsBetter is true.
func (BinaryAccuracy) HigherIsBetter() bool { return true }

// Sums is [2]: the right answers and the labels.
func (b BinaryAccuracy) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkSame(b.Name(), label, mask, prediction)
	wrong := graph.LogicalOr(isNaN(prediction), graph.LogicalXor(positive(label, 0.5), positive(prediction, 0)))
	return vector(count(graph.LogicalAnd(graph.LogicalNot(wrong), mask)), count(mask))
}

// Value is right answers / labels, NaN without labels.
func (BinaryAccuracy) Value(sums []float64) float64 { return mean(sums) }

// positive is where x is above the threshold.
func positive(x *graph.Node, threshold float64) *graph.Node {
	return graph.GreaterThan(x, graph.Scalar(x.Graph(), x.DType(), threshold))
}

// BinaryF1 is F1 = 2TP / (2TP + FP + FN) of the positive answers, 0 where no entry is or is called positive: labels float32 0 or 1,
// [batch] or multi-label [batch, classes], logits of the same shape, positive above 0; NaN is the wrong answer. For multi-label tasks all entries are
// pooled. scikit-learn: f1_score, with average="micro" for multi-label.
type BinaryF1 struct{}

// Name is "F1".
func (BinaryF1) Name() string { return "F1" }

// HigherIsBetter is true.
func (BinaryF1) HigherIsBetter() bool { return true }

// Sums is [3]: the true positives, the entries that are positive plus those called so, the labels.
func (b BinaryF1) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkSame(b.Name(), label, mask, prediction)
	is := graph.LogicalAnd(mask, positive(label, 0.5))
	said := graph.LogicalAnd(mask, graph.Where(isNaN(prediction), graph.LogicalNot(is), positive(prediction, 0)))
	return vector(count(graph.LogicalAnd(is, said)), graph.Add(count(is), count(said)), count(mask))
}

// Value is F1, NaN without labels.
func (BinaryF1) Value(sums []float64) float64 {
	if sums[2] > 0 && sums[1] == 0 {
		return 0
	}
	return mean([]float64{2 * sums[0], sums[1]})
}
