package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// IMTLG is impartial multi-task learning on gradients: the affine combination whose projections on all task gradients are equal,
//
//	g·g_i/‖g_i‖ = g·g_j/‖g_j‖ for all i, j,  Σw = 1:  w ∝ G⁺·(‖g_1‖, ..., ‖g_T‖)
//
// (Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, equations 3 to 5; G⁺ is the pseudo-inverse of the Gramian, as in TorchJD). Weights may be
// negative. Heads keep their own gradient.
//
// For linearly dependent gradients it is the solution that G⁺ gives; where no combination of Σw = 1 is, as for two opposite gradients of equal
// length, w is 0. LibMTL inverts a matrix that is singular there. A gradient of 0 has the weight 0.
type IMTLG struct{}

// Heads implements mtl.HeadDefault.
func (IMTLG) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (IMTLG) Weights(s *mtl.Step) *graph.Node {
	g, _ := gramian(s)
	return impartial(s, g)
}

// impartial returns IMTLG's weights for a Gramian.
func impartial(s *mtl.Step, g *graph.Node) *graph.Node {
	p := spectrumOf(s, g)
	v := p.combine(graph.Div(p.components(graph.Sqrt(diagonal(g))), p.values))
	total := graph.ReduceAllSum(v)
	rounding := graph.MulScalar(graph.ReduceAllSum(graph.Abs(v)), 8*p.noise)
	found := graph.GreaterThan(graph.Abs(total), rounding)
	return graph.Where(found, graph.Div(v, graph.Where(found, total, graph.OnesLike(total))), graph.ZerosLike(v))
}
