package metric

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// MeanIoU is the mean intersection over union: IoU = TP / (TP + FP + FN) of each class from one confusion matrix of the whole
// set, averaged over the classes that are in the labels or predicted: labels int32 [batch, height, width], logits
// [batch, height, width, classes]. scikit-learn: jaccard_score(average="macro") on the labelled pixels.
type MeanIoU struct {
	// Classes is the number of classes.
	Classes int
}

// Name is "mIoU".
func (MeanIoU) Name() string { return "mIoU" }

// HigherIsBetter is true.
func (MeanIoU) HigherIsBetter() bool { return true }

// Sums is [Classes·Classes], the confusion matrix; see [Confusion].
func (m MeanIoU) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkClasses(m.Name(), label, mask, prediction)
	checkCount(m.Name(), m.Classes, prediction)
	return confusion(label, mask, prediction)
}

// Value is the mean of IoU over the classes present, NaN without labels or where a prediction was NaN.
func (m MeanIoU) Value(sums []float64) float64 {
	hit, row, column := margins(sums, m.Classes)
	var iou, present float64
	for class := range hit {
		if union := row[class] + column[class] - hit[class]; union > 0 {
			iou += hit[class] / union
			present++
		}
	}
	if hasNaN(sums) {
		return math.NaN()
	}
	return mean([]float64{iou, present})
}
