package metric

import (
	"github.com/gomlx/gomlx/core/graph"
)

// PixelAccuracy is the share of labelled pixels, over the whole set, whose largest logit is the label's: labels int32
// [batch, height, width], logits [batch, height, width, classes].
type PixelAccuracy struct{}

// Name is "pixelAccuracy".
func (PixelAccuracy) Name() string { return "pixelAccuracy" }

// HigherIsBetter is true.
func (PixelAccuracy) HigherIsBetter() bool { return true }

// Sums is [2]: the right pixels and the labelled pixels.
func (p PixelAccuracy) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkClasses(p.Name(), label, mask, prediction)
	return hits(label, mask, prediction)
}

// Value is right pixels / labelled pixels, NaN without labels.
func (PixelAccuracy) Value(sums []float64) float64 { return mean(sums) }
