package mtl

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// manyEntries is from how many entries on a mean is taken in float64: a float32 cannot count beyond 2^24, and adds few digits long before.
const manyEntries = 1 << 20

// MeanOver is the mean of per-entry losses over the labelled entries, Σ m·l / Σ m, as a Task.Loss returns it. mask is nil or shaped like
// perEntry. A gradient never flows into masked-out entries.
func MeanOver(perEntry, mask *graph.Node) *graph.Node {
	dtype := perEntry.DType()
	if perEntry.Shape().Size() > manyEntries {
		perEntry = graph.ConvertDType(perEntry, dtypes.Float64)
	}
	if mask == nil {
		return graph.ConvertDType(graph.ReduceAllMean(perEntry), dtype)
	}
	sum := graph.ReduceAllSum(graph.Where(mask, perEntry, graph.ZerosLike(perEntry)))
	return graph.ConvertDType(graph.Div(sum, graph.ReduceAllSum(graph.ConvertDType(mask, perEntry.DType()))), dtype)
}

// meanOver is MeanOver for the labels of a Task.Loss, {y} or {y, mask}.
func meanOver(perEntry *graph.Node, labels []*graph.Node) *graph.Node {
	if len(labels) < 2 {
		return MeanOver(perEntry, nil)
	}
	return MeanOver(perEntry, labels[1])
}

// CrossEntropy is the mean over labelled entries of -log softmax(logits)[y]. y: integer [batch, ...]; logits: [batch, ..., classes].
func CrossEntropy(labels, predictions []*graph.Node) *graph.Node {
	y, logits := labels[0], predictions[0]
	wantShape(y, logits.Shape().Dimensions[:logits.Rank()-1], "class indices", "logits", logits)
	y = graph.ConvertDType(y, dtypes.Int32) // in uint8 there are no more than 256 classes
	// log Σ exp(z) - z_y, each on z shifted by its maximum: one pass over the classes fewer than through log softmax and one-hot labels.
	shifted := graph.Sub(logits, graph.StopGradient(graph.ReduceAndKeep(logits, graph.ReduceMax, -1)))
	isLabel := graph.Equal(graph.Iota(y.Graph(), shapes.Make(y.DType(), logits.Shape().Dimensions...), -1), graph.InsertAxes(y, -1))
	picked := graph.ReduceSum(graph.Where(isLabel, shifted, graph.ZerosLike(shifted)), -1)
	return meanOver(graph.Sub(graph.Log(graph.ReduceSum(graph.Exp(shifted), -1)), picked), labels)
}

// BinaryCrossEntropy is the mean over labelled entries of max(z, 0) - z·y + log(1 + exp(-|z|)) for logits z and labels y in {0, 1} (or
// probabilities between), the overflow-free form of -y·log σ(z) - (1-y)·log(1-σ(z)). y and z have the same shape.
func BinaryCrossEntropy(labels, predictions []*graph.Node) *graph.Node {
	z := predictions[0]
	y := likePrediction(labels[0], z)
	perEntry := graph.Add(graph.Sub(graph.Max(z, graph.ZerosLike(z)), graph.Mul(z, y)), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(z)))))
	return meanOver(perEntry, maskLike(labels, z))
}

// SquaredError is the mean over labelled entries of (y - p)².
func SquaredError(labels, predictions []*graph.Node) *graph.Node {
	p := predictions[0]
	return meanOver(graph.Square(graph.Sub(likePrediction(labels[0], p), p)), maskLike(labels, p))
}

// AbsoluteError is the mean over labelled entries of |y - p|.
func AbsoluteError(labels, predictions []*graph.Node) *graph.Node {
	p := predictions[0]
	return meanOver(graph.Abs(graph.Sub(likePrediction(labels[0], p), p)), maskLike(labels, p))
}

// Huber returns the loss whose entries are r²/2 for |r| ≤ delta and delta·(|r| - delta/2) beyond, r = y - p (Huber, 1964). delta is above 0.
func Huber(delta float64) func(labels, predictions []*graph.Node) *graph.Node {
	return func(labels, predictions []*graph.Node) *graph.Node {
		if !(delta > 0) || math.IsInf(delta, 0) {
			panicf("mtl.Huber has delta %v; wanted a finite number above 0", delta)
		}
		p := predictions[0]
		r := graph.Abs(graph.Sub(likePrediction(labels[0], p), p))
		inside := graph.MinScalar(r, delta)
		perEntry := graph.Add(graph.MulScalar(graph.Square(inside), 0.5), graph.MulScalar(graph.Sub(r, inside), delta))
		return meanOver(perEntry, maskLike(labels, p))
	}
}

// likePrediction gives labels the predictions' type and, where the sizes agree ([batch] and [batch, 1]), their shape.
func likePrediction(y, p *graph.Node) *graph.Node {
	if y.Shape().Size() != p.Shape().Size() || y.Shape().Dimensions[0] != p.Shape().Dimensions[0] {
		panicf("the labels are shaped %s and the predictions %s; wanted the same shape", y.Shape(), p.Shape())
	}
	return graph.Reshape(graph.ConvertDType(y, p.DType()), p.Shape().Dimensions...)
}

func maskLike(labels []*graph.Node, p *graph.Node) []*graph.Node {
	if len(labels) < 2 {
		return labels
	}
	return []*graph.Node{labels[0], graph.Reshape(labels[1], p.Shape().Dimensions...)}
}

func wantShape(y *graph.Node, dims []int, what, of string, other *graph.Node) {
	same := y.Rank() == len(dims)
	for i := 0; same && i < len(dims); i++ {
		same = y.Shape().Dimensions[i] == dims[i]
	}
	if !same || !y.DType().IsInt() {
		panicf("the %s are shaped %s, the %s %s; wanted integers shaped %v", what, y.Shape(), of, other.Shape(), dims)
	}
}
