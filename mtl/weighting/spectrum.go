package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// spectrum is an eigendecomposition of a positive semidefinite matrix [T, T] in float64, without the eigenvalues that are 0 but for the
// rounding of the step's Gramian: those up to T times its epsilon times the largest.
type spectrum struct {
	values  *graph.Node // [T], ascending; 1 where not kept
	kept    *graph.Node // [T], 1 or 0
	vectors *graph.Node // [T, T], in columns
	noise   float64
}

func spectrumOf(s *mtl.Step, m *graph.Node) spectrum {
	values, vectors := solve.Eigen(m)
	noise := precision(s)
	largest := graph.ReduceAllMax(values)
	kept := graph.LogicalAnd(graph.GreaterThan(values, graph.MulScalar(largest, noise)), above(values, 0))
	return spectrum{
		values:  graph.Where(kept, values, graph.OnesLike(values)),
		kept:    graph.ConvertDType(kept, dtypes.Float64),
		vectors: vectors,
		noise:   noise,
	}
}

// components are those of b [T] along the eigenvectors, 0 where they are rounding.
func (p spectrum) components(b *graph.Node) *graph.Node {
	along := times(graph.Transpose(p.vectors, 0, 1), b)
	length := graph.Sqrt(graph.ReduceAllSum(graph.Square(b)))
	large := graph.GreaterThan(graph.Abs(along), graph.MulScalar(length, 8*p.noise))
	return graph.Mul(p.kept, graph.Where(large, along, graph.ZerosLike(along)))
}

// combine is the vector [T] with these components.
func (p spectrum) combine(components *graph.Node) *graph.Node { return times(p.vectors, components) }

// rank is the number of eigenvalues that are kept.
func (p spectrum) rank() *graph.Node { return graph.ReduceAllSum(p.kept) }

// smallest is the k-th smallest eigenvalue of those kept, from 1.
func (p spectrum) smallest(k *graph.Node) *graph.Node {
	// Ascending values: the T - rank first ones are not kept.
	tasks := p.values.Shape().Dimensions[0]
	position := graph.Iota(p.values.Graph(), shapes.Make(dtypes.Float64, tasks), 0)
	at := graph.AddScalar(graph.Sub(k, p.rank()), float64(tasks-1))
	return graph.ReduceAllSum(graph.Where(graph.Equal(position, at), p.values, graph.ZerosLike(position)))
}
