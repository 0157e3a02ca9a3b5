package relate

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// Names of what Conflict reports.
const (
	Cosine    = "conflict/cosine"
	Magnitude = "conflict/magnitude"
	Rate      = "conflict/rate"
	Condition = "conflict/condition"
)

// Conflict watches the task gradients on the shared parameters. It reports
//
//   - "conflict/cosine" [T, T], ⟨g_i, g_j⟩ / (‖g_i‖·‖g_j‖), and the same for each shared layer as "conflict/cosine/LAYER";
//   - "conflict/magnitude" [T, T], 2·‖g_i‖·‖g_j‖ / (‖g_i‖² + ‖g_j‖²), 1 where they are as long (Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, definition 2);
//   - "conflict/rate", the share of pairs with a cosine below 0;
//   - "conflict/condition", the condition number of the matrix of cosines, from 1 for orthogonal gradients, 1e7 at most: float32 tells no more.
//
// A cosine below 0 means that a step for one task now makes the other worse. That is no measure of how tasks are related: see docs/relatedness.md. Cosines from few examples are
// near 0, as noise is. A task without a label counts as orthogonal to all.
type Conflict struct {
	// Every is the number of steps between measurements; 0 means 10.
	Every int
	// Examples of the batch that are looked at; 0 means 48, a compromise: the cost and the precision grow with it. A negative number means all.
	Examples int
}

const conflictExamples = 48

// Probe is for FitOptions.Probes.
func (c Conflict) Probe() mtl.Probe {
	switch {
	case c.Examples == 0:
		c.Examples = conflictExamples
	case c.Examples < 0:
		c.Examples = 0
	}
	return mtl.Probe{Name: "conflict", Every: c.Every, Examples: c.Examples, Measure: func(s *mtl.Step) {
		pairs := func(name string, value *graph.Node) {
			mtl.Report(s.Graph(), history.Quantity{Name: name, Rows: s.Names, Columns: s.Names}, value)
		}
		g := s.Gramian()
		cosine := cosines(g)
		pairs(Cosine, cosine)
		layers, gramians := s.LayerGramians()
		for i, layer := range layers {
			if len(layers) > 1 {
				pairs(Cosine+"/"+layer, cosines(gramians[i]))
			}
		}
		pairs(Magnitude, magnitudes(g))
		mtl.Report(s.Graph(), history.Quantity{Name: Rate}, conflictRate(cosine, s.Active))
		mtl.Report(s.Graph(), history.Quantity{Name: Condition}, condition(cosine))
	}}
}

// cosines are those of the rows behind a Gramian, with 1 on the diagonal and 0 for rows of length 0.
func cosines(gramian *graph.Node) *graph.Node {
	count := gramian.Shape().Dim(0)
	eye := graph.Diagonal(gramian.Graph(), count)
	norms := graph.Sqrt(diagonal(gramian))
	product := graph.Mul(graph.InsertAxes(norms, 0), graph.InsertAxes(norms, 1))
	cosine := safeDiv(gramian, product)
	return graph.Where(eye, graph.OnesLike(cosine), graph.Clip(cosine, negative(cosine), graph.OnesLike(cosine)))
}

func magnitudes(gramian *graph.Node) *graph.Node {
	squares := diagonal(gramian)
	a, b := graph.InsertAxes(squares, 0), graph.InsertAxes(squares, 1)
	return safeDiv(graph.MulScalar(graph.Sqrt(graph.Mul(a, b)), 2), graph.Add(a, b))
}

// conflictRate is the share of the pairs of active tasks whose cosine is below 0.
func conflictRate(cosine, active *graph.Node) *graph.Node {
	below := graph.ConvertDType(graph.LessThan(cosine, graph.ZerosLike(cosine)), cosine.DType())
	active = graph.ConvertDType(active, cosine.DType())
	count := graph.ReduceAllSum(active)
	return safeDiv(graph.ReduceAllSum(below), graph.Mul(count, graph.AddScalar(count, -1)))
}

// condition is the largest over the least eigenvalue.
func condition(cosine *graph.Node) *graph.Node {
	count := cosine.Shape().Dim(0)
	values, _ := solve.Eigen(graph.ConvertDType(cosine, dtypes.Float64))
	largest := graph.Slice(values, graph.AxisElem(count-1))
	least := graph.Max(graph.Slice(values, graph.AxisElem(0)), graph.MulScalar(largest, 1e-7))
	return graph.Reshape(graph.Div(largest, least))
}

func diagonal(matrix *graph.Node) *graph.Node {
	eye := graph.Diagonal(matrix.Graph(), matrix.Shape().Dim(0))
	return graph.ReduceSum(graph.Where(eye, matrix, graph.ZerosLike(matrix)), -1)
}

// safeDiv is x/y, 0 where y is not above 0.
func safeDiv(x, y *graph.Node) *graph.Node {
	positive := graph.GreaterThan(y, graph.ZerosLike(y))
	return graph.Where(positive, graph.Div(x, graph.Where(positive, y, graph.OnesLike(y))), graph.ZerosLike(x))
}

func negative(x *graph.Node) *graph.Node { return graph.Neg(graph.OnesLike(x)) }
