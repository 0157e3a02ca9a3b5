package metric

import (
	"strconv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// TopK is the share of labelled examples whose label is among the K largest logits: labels int32 [batch], logits
// [batch, classes]. Of equal logits the class with the lower index goes first (scikit-learn's top_k_accuracy_score takes the
// higher index first; without ties they agree).
type TopK struct {
	// K is how many classes may be named; 0 means 5.
	K int
}

// Name is "top" and K, such as "top5".
func (t TopK) Name() string { return "top" + strconv.Itoa(t.k()) }

// HigherIsBetter is true.
func (TopK) HigherIsBetter() bool { return true }

func (t TopK) k() int {
	if t.K == 0 {
		return 5
	}
	return t.K
}

// Sums is [2]: the labels among the K largest logits and the labels.
func (t TopK) Sums(label, mask, prediction *graph.Node) *graph.Node {
	checkClasses(t.Name(), label, mask, prediction)
	if t.K < 0 {
		exceptions.Panicf("mtl: metric TopK wants a K of at least 1, got %d", t.K)
	}
	classes := prediction.Shape().Dim(-1)
	label = graph.Where(mask, label, graph.ZerosLike(label))
	index := graph.InsertAxes(label, -1)
	at := graph.OneHot(label, classes, prediction.DType())
	isLabel := graph.GreaterThan(at, graph.ZerosLike(at))
	own := graph.InsertAxes(graph.ReduceSum(graph.Where(isLabel, prediction, graph.ZerosLike(prediction)), -1), -1)
	own = graph.BroadcastToShape(own, prediction.Shape())
	class := graph.Iota(label.Graph(), prediction.Shape().Clone(), -1)
	class = graph.ConvertDType(class, label.DType())
	later := graph.GreaterThan(class, graph.BroadcastToDims(index, prediction.Shape().Dimensions...))
	// Counting who is beaten, not who wins, makes NaN logits a miss.
	beaten := graph.LogicalOr(graph.GreaterThan(own, prediction), graph.LogicalAnd(graph.Equal(own, prediction), later))
	beaten = graph.ConvertDType(beaten, dtypes.Int32)
	inside := graph.GreaterOrEqual(graph.ReduceSum(beaten, -1), graph.Scalar(label.Graph(), dtypes.Int32, max(classes-t.k(), 0)))
	return vector(count(graph.LogicalAnd(inside, mask)), count(mask))
}

// Value is hits / labels, NaN without labels.
func (TopK) Value(sums []float64) float64 { return mean(sums) }
