// Package metric has the figures that a task is judged by, each accumulated as sums over a whole evaluation set, so that
// no figure is a mean of batch means.
package metric

import "github.com/gomlx/gomlx/core/graph"

// Metric is one figure of one task. A batch contributes a vector of sums; the sums of all batches add up, and Value turns
// them into the figure. Only entries whose mask is true count.
type Metric interface {
	// Name is unique within a task, lower case: "accuracy", "mIoU", "R2".
	Name() string
	// HigherIsBetter tells the direction for early stopping, plots and Delta-m.
	HigherIsBetter() bool
	// Sums builds the graph that returns the batch's contribution, a float64 vector [k]. label and prediction are shaped as
	// the task's loss takes them; mask is boolean and shaped like label. Masked-out labels hold arbitrary values.
	Sums(label, mask, prediction *graph.Node) *graph.Node
	// Value is the figure for the added-up sums; NaN where it is undefined (no labelled entry, say). A prediction that
	// is NaN counts as a wrong answer or makes the figure NaN.
	Value(sums []float64) float64
}
