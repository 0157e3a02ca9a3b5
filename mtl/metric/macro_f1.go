package metric

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// MacroF1 is the mean over all classes of F1 = 2TP / (2TP + FP + FN), with 0/0 = 0 for a class that is neither in the
// labels nor predicted: labels int32 [batch, ...], logits [batch, ..., classes]. scikit-learn: f1_score(labels=range(classes),
// average="macro", zero_division=0); its default leaves the classes out that appear nowhere.
type MacroF1 struct {
	// Classes is the number of classes.
	Classes int
}

// Name is "macroF1".
func (MacroF1) Name() string { return "macroF1" }

// HigherIsBetter is true.
func (MacroF1) HigherIsBetter() bool { return true }

// Sums is [Classes·Classes], the confusion matrix; see [Confusion].
func (m MacroF1) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkClasses(m.Name(), label, mask, prediction)
	checkCount(m.Name(), m.Classes, prediction)
	return confusion(label, mask, prediction)
}

// Value is the mean of the classes' F1, NaN without labels or where a prediction was NaN.
func (m MacroF1) Value(sums []float64) float64 {
	hit, row, column := margins(sums, m.Classes)
	var f1, labels float64
	for class := range hit {
		labels += row[class]
		if all := row[class] + column[class]; all > 0 {
			f1 += 2 * hit[class] / all
		}
	}
	if labels == 0 || hasNaN(sums) {
		return math.NaN()
	}
	return f1 / float64(m.Classes)
}
