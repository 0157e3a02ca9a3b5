package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// TrimmedMean is, in each coordinate, the mean of the task gradients without the Trim largest and the Trim smallest (Yin, Chen, Ramchandran and
// Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", ICML 2018, definition 2 and option II of
// algorithm 1). Each head gets its own gradient. The scale is that of the mean; the weights are 1/T.
//
// Where so many tasks are not active that nothing would be left, as many are trimmed as leave one or two.
type TrimmedMean struct {
	// Trim is how many are left out at each end, below T/2. 0 is the mean of all: the paper gives no default.
	Trim int
}

// Heads implements mtl.HeadDefault.
func (TrimmedMean) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m TrimmedMean) Weights(s *mtl.Step) *graph.Node {
	if m.Trim < 0 || 2*m.Trim >= s.Tasks() {
		exceptions.Panicf("mtl: weighting.TrimmedMean.Trim is %d for %d tasks; wanted a number from 0 to %d", m.Trim, s.Tasks(), (s.Tasks()-1)/2)
	}
	rows := s.SharedGradients()
	matrix, active := matrixOf(rows), isActive(s)
	dtype := matrix.DType()
	tasks := count(active)
	trim := graph.MinScalar(graph.Floor(graph.MulScalar(graph.AddScalar(tasks, -1), 0.5)), float64(m.Trim))
	low, high := graph.ConvertDType(trim, dtype), graph.ConvertDType(graph.Sub(tasks, trim), dtype)

	rank := columnRanks(matrix, active)
	kept := graph.LogicalAnd(graph.GreaterOrEqual(rank, low), graph.LessThan(rank, high))
	sum := graph.ReduceSum(only(active, only(kept, matrix)), 0)
	s.SetDirection(partsOf(graph.Div(sum, graph.Sub(high, low)), rows[0]))
	return graph.Div(s.Active, graph.ConvertDType(tasks, s.Active.DType()))
}

// columnRanks counts, for each entry of [T, d], the active tasks whose entry is before it in its column; ties are in the order of the tasks. It is no sort:
// GoMLX builds none inside a loop.
func columnRanks(matrix, active *graph.Node) *graph.Node {
	dtype, tasks := matrix.DType(), matrix.Shape().Dim(0)
	position := graph.Iota(matrix.Graph(), shapes.Make(dtypes.Int32, tasks, 1), 0)
	rank := graph.ZerosLike(matrix)
	for t := range tasks {
		other := graph.SliceAxis(matrix, 0, graph.AxisElem(t))
		later := graph.GreaterThan(position, graph.Const(matrix.Graph(), int32(t)))
		before := graph.LogicalOr(graph.LessThan(other, matrix), graph.LogicalAnd(later, graph.Equal(other, matrix)))
		counts := graph.Reshape(graph.ConvertDType(graph.SliceAxis(active, 0, graph.AxisElem(t)), dtype))
		rank = graph.Add(rank, graph.Mul(graph.ConvertDType(before, dtype), counts))
	}
	return rank
}
