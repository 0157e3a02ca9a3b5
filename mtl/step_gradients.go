package mtl

import "github.com/gomlx/gomlx/core/graph"

// Gramian returns G = J·Jᵀ, [T, T]: G[i][j] is the inner product of the gradients of tasks i and j. The row and column of a task without a
// label, or whose loss or gradient is not finite, are zero.
func (s *Step) Gramian() *graph.Node {
	if s.gramian != nil {
		return s.gramian
	}
	gramian := s.source.gramian()
	// A sum of squares that overflows is unusable, too: nothing that follows could be finite.
	squares := diagonalOf(gramian)
	labelled := graph.GreaterThan(s.Active, graph.ZerosLike(s.Active))
	s.usable = graph.LogicalAnd(labelled, graph.LogicalAnd(graph.IsFinite(squares), graph.IsFinite(s.source.values())))
	s.Active = graph.ConvertDType(s.usable, s.Active.DType())
	both := graph.LogicalAnd(graph.InsertAxes(s.usable, 0), graph.InsertAxes(s.usable, 1))
	s.gramian = graph.Where(both, gramian, graph.ZerosLike(gramian))
	return s.gramian
}

// GradientNorms returns ‖g_t‖ of every task, [T].
func (s *Step) GradientNorms() *graph.Node { return graph.Sqrt(diagonalOf(s.Gramian())) }

func diagonalOf(matrix *graph.Node) *graph.Node {
	eye := graph.Diagonal(matrix.Graph(), matrix.Shape().Dimensions[0])
	return graph.ReduceSum(graph.Where(eye, matrix, graph.ZerosLike(matrix)), -1)
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
			masked[k] = onlyUsable(s.usable, t, d)
		}
		s.rows = append(s.rows, masked)
	}
	return s.rows
}

// CrossGramian returns J·Kᵀ, [T, T], of this step's gradients and those of another part of the batch.
func (s *Step) CrossGramian(other *Step) *graph.Node {
	a, b := s.SharedGradients(), other.SharedGradients()
	var total *graph.Node
	for k := range a[0] {
		total = sum(total, crossGramian(column(a, k), column(b, k)))
	}
	return total
}

// Combine returns Σ_t w_t·g_t, shaped like a row of SharedGradients, for weights [T]: what a method gets that sets no direction.
func (s *Step) Combine(weights *graph.Node) []*graph.Node {
	s.Gramian()
	return s.source.combine(weights, s.usable)
}

// Combine returns Σ_t w_t·row_t of rows shaped like SharedGradients, for weights [T].
func Combine(weights *graph.Node, rows [][]*graph.Node) []*graph.Node {
	total := make([]*graph.Node, len(rows[0]))
	for t, row := range rows {
		for k, d := range row {
			total[k] = sum(total[k], graph.Mul(graph.ConvertDType(element(weights, t), d.DType()), d))
		}
	}
	return total
}

func column(rows [][]*graph.Node, k int) []*graph.Node {
	values := make([]*graph.Node, len(rows))
	for t, row := range rows {
		values[t] = row[k]
	}
	return values
}
