package mtl

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Gramian returns G = J·Jᵀ, [T, T]: G[i][j] is the inner product of the gradients of tasks i and j. The row and column of a task without a
// label, or whose loss or gradient is not finite, are zero.
func (s *Step) Gramian() *graph.Node {
	if s.gramian != nil {
		return s.gramian
	}
	gramian := s.source.gramian()
	eye := graph.Diagonal(s.Graph(), s.Tasks())
	// A sum of squares that overflows is unusable, too: nothing that follows could be finite.
	squares := graph.ReduceSum(graph.Where(eye, gramian, graph.ZerosLike(gramian)), -1)
	labelled := graph.GreaterThan(s.Active, graph.ZerosLike(s.Active))
	s.usable = graph.LogicalAnd(labelled, graph.LogicalAnd(graph.IsFinite(squares), graph.IsFinite(s.Losses)))
	s.Active = graph.ConvertDType(s.usable, s.Active.DType())
	both := graph.LogicalAnd(graph.InsertAxes(s.usable, 0), graph.InsertAxes(s.usable, 1))
	s.gramian = graph.Where(both, gramian, graph.ZerosLike(gramian))
	return s.gramian
}

// SharedGradients returns the Jacobian J by rows, each task's gradient on the shared parameters (or on the target that Gradients
// names), [T][variable]: T backward passes, built once. The rows that Gramian sets to zero are zero here.
func (s *Step) SharedGradients() [][]*graph.Node {
	if s.rows != nil {
		return s.rows
	}
	s.Gramian()
	for t, row := range s.source.gradients() {
		masked := make([]*graph.Node, len(row))
		for k, d := range row {
			masked[k] = graph.Where(element(s.usable, t), d, graph.ZerosLike(d))
		}
		s.rows = append(s.rows, masked)
	}
	return s.rows
}

// CrossGramian returns J·Kᵀ, [T, T], of this step's gradients and those of another part of the batch.
func (s *Step) CrossGramian(other *Step) *graph.Node {
	a, b := s.SharedGradients(), other.SharedGradients()
	return products(len(a), func(i, j int) *graph.Node { return inner(a[i], b[j]) })
}

// products builds [T, T] from its entries.
func products(count int, entry func(i, j int) *graph.Node) *graph.Node {
	rows := make([]*graph.Node, count)
	for i := range rows {
		row := make([]*graph.Node, count)
		for j := range row {
			row[j] = entry(i, j)
		}
		rows[i] = graph.Stack(row, 0)
	}
	return graph.Stack(rows, 0)
}

// symmetricProducts is products where entry(i, j) = entry(j, i).
func symmetricProducts(count int, entry func(i, j int) *graph.Node) *graph.Node {
	built := map[[2]int]*graph.Node{}
	return products(count, func(i, j int) *graph.Node {
		key := [2]int{min(i, j), max(i, j)}
		if built[key] == nil {
			built[key] = entry(key[0], key[1])
		}
		return built[key]
	})
}

// inner is the inner product of two vectors given in parts. Products of half-precision parts are summed in float32.
func inner(a, b []*graph.Node) *graph.Node {
	var sum *graph.Node
	for k := range a {
		x, y := a[k], b[k]
		if x.DType().Bits() < dtypes.Float32.Bits() {
			x, y = graph.ConvertDType(x, dtypes.Float32), graph.ConvertDType(y, dtypes.Float32)
		}
		part := graph.ReduceAllSum(graph.Mul(x, y))
		if sum == nil {
			sum = part
		} else {
			sum = graph.Add(sum, graph.ConvertDType(part, sum.DType()))
		}
	}
	return sum
}

// Combine returns Σ_t w_t·row_t of rows shaped like SharedGradients, for weights [T].
func Combine(weights *graph.Node, rows [][]*graph.Node) []*graph.Node {
	sum := make([]*graph.Node, len(rows[0]))
	for t, row := range rows {
		w := element(weights, t)
		for k, d := range row {
			term := graph.Mul(graph.ConvertDType(w, d.DType()), d)
			if t > 0 {
				term = graph.Add(sum[k], term)
			}
			sum[k] = term
		}
	}
	return sum
}

// element returns vector[t] as a scalar.
func element(vector *graph.Node, t int) *graph.Node {
	return graph.Reshape(graph.SliceAxis(vector, 0, graph.AxisElem(t)))
}
