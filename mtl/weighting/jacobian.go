package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// remembers panics where gradients of this batch's examples would be kept for the next step.
func remembers(s *mtl.Step, method string) {
	if s.OnRepresentation() {
		exceptions.Panicf("mtl: weighting.%s remembers task gradients over the steps, and those on a representation belong to the examples of one batch: use another Target than mtl.Representation", method)
	}
}

// matrixOf lays task gradients out as one matrix, [T, d], float64 where a part is, else float32.
func matrixOf(rows [][]*graph.Node) *graph.Node {
	dtype := dtypes.Float32
	for _, part := range rows[0] {
		if part.DType() == dtypes.Float64 {
			dtype = dtypes.Float64
		}
	}
	lines := make([]*graph.Node, len(rows))
	for t, row := range rows {
		parts := make([]*graph.Node, len(row))
		for k, part := range row {
			parts[k] = graph.ConvertDType(graph.Reshape(part, 1, -1), dtype)
		}
		lines[t] = graph.Concatenate(parts, 1)
	}
	return graph.StopGradient(graph.Concatenate(lines, 0))
}

// partsOf cuts a vector [d] into parts like those of a row.
func partsOf(vector *graph.Node, row []*graph.Node) []*graph.Node {
	parts, start := make([]*graph.Node, len(row)), 0
	for k, like := range row {
		end := start + like.Shape().Size()
		part := graph.SliceAxis(vector, 0, graph.AxisRange(start, end))
		parts[k] = graph.ConvertDType(graph.Reshape(part, like.Shape().Dimensions...), like.DType())
		start = end
	}
	return parts
}

// scaleRows multiplies row t of [T, d] by c_t.
func scaleRows(matrix, c *graph.Node) *graph.Node {
	return graph.Mul(matrix, graph.InsertAxes(graph.ConvertDType(c, matrix.DType()), 1))
}

// combine is wᵀJ, [d], for weights [T] and a matrix [T, d]. It is no matrix product: those round to fewer bits on some GPUs.
func combine(weights, matrix *graph.Node) *graph.Node {
	return graph.ReduceSum(scaleRows(matrix, weights), 0)
}

// gramianOf is JJᵀ of a matrix [T, d], float64.
func gramianOf(matrix *graph.Node) *graph.Node {
	columns := make([]*graph.Node, matrix.Shape().Dim(0))
	for t := range columns {
		row := graph.SliceAxis(matrix, 0, graph.AxisElem(t))
		columns[t] = graph.ReduceSum(graph.Mul(matrix, row), 1)
	}
	return wide(graph.Stack(columns, 1))
}
