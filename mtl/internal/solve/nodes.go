package solve

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// number is a float64 constant of its own, which can be used in the body of a loop.
func number(x *graph.Node, v float64) *graph.Node { return graph.Const(x.Graph(), v) }

func integer(x *graph.Node, v int) *graph.Node { return graph.Const(x.Graph(), int32(v)) }

func zeros(x *graph.Node) *graph.Node { return repeat(number(x, 0), x.Shape().Dimensions...) }

// repeat is x with its axes of length 1 made longer, for Where. Everything else takes axes of length 1 as they are, and has to: GoMLX's
// pure-Go backend (compute v0.1.2) breaks a loop in which another operation follows a broadcast that keeps the rank.
func repeat(x *graph.Node, dims ...int) *graph.Node { return graph.BroadcastToDims(x, dims...) }

// indices are the numbers of the positions along an axis.
func indices(x *graph.Node, axis int, dims ...int) *graph.Node {
	return graph.Iota(x.Graph(), shapes.Make(dtypes.Int32, dims...), axis)
}

// onDiagonal is true on the diagonal of an n×n matrix.
func onDiagonal(x *graph.Node, n int) *graph.Node {
	return graph.Equal(indices(x, 0, n, n), indices(x, 1, n, n))
}

// unit is the n×n unit matrix.
func unit(x *graph.Node, n int) *graph.Node {
	return graph.ConvertDType(onDiagonal(x, n), dtypes.Float64)
}

// diagonal is the diagonal of a square matrix.
func diagonal(x *graph.Node) *graph.Node {
	return graph.ReduceSum(graph.Where(onDiagonal(x, x.Shape().Dim(0)), x, zeros(x)), 1)
}

// column and row are a vector as a matrix of one column and of one row.
func column(x *graph.Node) *graph.Node { return graph.InsertAxes(x, -1) }
func row(x *graph.Node) *graph.Node    { return graph.InsertAxes(x, 0) }

// float64s is x in float64, a constant to gradients.
func float64s(x *graph.Node) *graph.Node {
	return graph.ConvertDType(graph.StopGradient(x), dtypes.Float64)
}

// back converts a solver's numbers to the caller's dtype, without infinities, and without a gradient.
func back(x *graph.Node, dtype dtypes.DType) *graph.Node {
	if dtype != dtypes.Float64 {
		x = graph.Max(graph.Min(x, number(x, largest(dtype))), number(x, -largest(dtype)))
	}
	return graph.StopGradient(graph.ConvertDType(x, dtype))
}

// Epsilon is the distance from 1 to the next number.
func Epsilon(dtype dtypes.DType) float64 {
	switch dtype {
	case dtypes.Float64:
		return 0x1p-52
	case dtypes.Float32:
		return 0x1p-23
	case dtypes.Float16:
		return 0x1p-10
	default:
		return 0x1p-7
	}
}

// smallest is the smallest number without loss of digits.
func smallest(dtype dtypes.DType) float64 {
	switch dtype {
	case dtypes.Float64:
		return 0x1p-1022
	case dtypes.Float16:
		return 0x1p-14
	default:
		return 0x1p-126
	}
}

// largest is the largest finite number.
func largest(dtype dtypes.DType) float64 {
	switch dtype {
	case dtypes.Float64:
		return math.MaxFloat64
	case dtypes.Float16:
		return 65504
	default:
		return 0x1p127
	}
}
