package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Pool makes one vector of a sequence: x [batch, length, features] to [batch, features]. mask, boolean [batch, length], is false at padding; nil
// means that there is none. It may be one's own function.
type Pool func(x, mask *graph.Node) *graph.Node

// PoolMean averages over the positions that are no padding; a sequence of nothing but padding gives 0.
func PoolMean(x, mask *graph.Node) *graph.Node {
	if mask == nil {
		return graph.ReduceMean(x, 1)
	}
	count := graph.ReduceSum(graph.ConvertDType(mask, x.DType()), 1)
	return graph.Div(PoolSum(x, mask), graph.InsertAxes(graph.MaxScalar(count, 1), -1))
}

// PoolSum adds up the positions that are no padding.
func PoolSum(x, mask *graph.Node) *graph.Node {
	return graph.ReduceSum(clearPadding(x, mask), 1)
}

// PoolFirst takes the first position, such as BERT's token [CLS].
func PoolFirst(x, _ *graph.Node) *graph.Node {
	return graph.Squeeze(graph.SliceAxis(x, 1, graph.AxisElem(0)), 1)
}

// PoolLast takes the last position that is no padding; a sequence of nothing but padding gives 0.
func PoolLast(x, mask *graph.Node) *graph.Node {
	if mask == nil {
		return graph.Squeeze(graph.SliceAxis(x, 1, graph.AxisElem(-1)), 1)
	}
	g, d := x.Graph(), mask.Shape().Dimensions
	number := graph.Iota(g, shapes.Make(dtypes.Int32, d...), 1)
	number = graph.Where(mask, number, graph.Neg(graph.OnesLike(number)))
	last := graph.Equal(number, graph.BroadcastToDims(graph.InsertAxes(graph.ReduceMax(number, 1), -1), d...))
	return PoolSum(x, graph.LogicalAnd(last, mask))
}

// clearPadding sets x [batch, length, features] to 0 at padding.
func clearPadding(x, mask *graph.Node) *graph.Node {
	if mask == nil {
		return x
	}
	return graph.Where(graph.BroadcastToDims(graph.InsertAxes(mask, -1), x.Shape().Dimensions...), x, graph.ZerosLike(x))
}
