package weighting

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// GradDrop picks one sign for each coordinate and drops the gradients of the other. With U uniform in [0, 1), drawn anew for each coordinate and step,
//
//	P = ½·(1 + Σ_t g_t / Σ_t |g_t|),  g = Σ_t (ℓ_t + (1 − ℓ_t)·M_t)·g_t,  M_t = 1 where g_t > 0 and P > U, or g_t < 0 and P < U, else 0
//
// (Chen et al., "Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign Dropout", NeurIPS 2020, algorithm 1). Each head
// gets its own gradient. The scale is that of the sum of the gradients; the weights are 1.
//
// The coordinates are those of the gradients' target: the shared parameters, as in TorchJD, or with Target Representation each feature of
// each example. The paper puts the layer on the representation and there lets all examples of a batch share the choice, by
// the sum of sign(feature)·gradient.
type GradDrop struct {
	// Leak is ℓ_t, [T], the part of each gradient that is never dropped, from 0 to 1. nil means the paper's 0.
	Leak []float64
}

// Heads implements mtl.HeadDefault.
func (GradDrop) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m GradDrop) Weights(s *mtl.Step) *graph.Node {
	leak := s.Parameters("graddrop/leak", m.leak(s))
	rows := s.SharedGradients()
	matrix := matrixOf(rows)
	uniforms := s.Scope.RandomUniform(s.Graph(), shapes.Make(matrix.DType(), matrix.Shape().Dim(1)))
	s.SetDirection(partsOf(pickSigns(matrix, uniforms, leak), rows[0]))
	return s.Active
}

func (m GradDrop) leak(s *mtl.Step) []float64 {
	if m.Leak == nil {
		return make([]float64, s.Tasks())
	}
	if len(m.Leak) != s.Tasks() {
		exceptions.Panicf("mtl: weighting.GradDrop.Leak has %d values for %d tasks; wanted one per task, or nil", len(m.Leak), s.Tasks())
	}
	for t, leak := range m.Leak {
		if !(leak >= 0 && leak <= 1) {
			exceptions.Panicf("mtl: weighting.GradDrop.Leak is %v for task %q; wanted a number from 0 to 1", leak, s.Names[t])
		}
	}
	return m.Leak
}

// pickSigns is the algorithm on a matrix [T, d] with uniforms [d] and leak [T].
func pickSigns(matrix, uniforms, leak *graph.Node) *graph.Node {
	zero := graph.ZerosLike(matrix)
	sum, size := graph.ReduceSum(matrix, 0), graph.ReduceSum(graph.Abs(matrix), 0)
	// P > U without the division, and so without 0/0.
	positive := graph.GreaterThan(sum, graph.Mul(size, graph.AddScalar(graph.MulScalar(uniforms, 2), -1)))
	everywhere := graph.BroadcastToDims(graph.InsertAxes(positive, 0), matrix.Shape().Dimensions...)
	picked := graph.Where(everywhere, graph.Max(matrix, zero), graph.Min(matrix, zero))
	return graph.Add(combine(leak, matrix), combine(graph.OneMinus(leak), picked))
}
