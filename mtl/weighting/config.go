package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// ConFIG is the conflict-free inverse gradient: the direction û that has equal cosines with all task gradients, as long as the gradients' sum projected on it,
//
//	u = U⁺·p,  û = u/‖u‖,  g = (Σ_t g_t·û)·û
//
// with the gradients' unit vectors as the rows of U (Liu, Chu and Thuerey, "ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks", ICLR 2025,
// equations 2 and 3); p is 1, or the cosines' proportions. On the Gramian: U⁺ = Uᵀ(UUᵀ)⁺. The scale is that of the sum. Heads keep their own
// gradient.
//
// For linearly dependent gradients it is what the pseudo-inverse gives, 0 where that is 0 as for two opposite gradients. A gradient of 0
// counts as a row of zeros.
type ConFIG struct {
	// Preference is p. nil means 1.
	Preference []float64
}

// Heads implements mtl.HeadDefault.
func (ConFIG) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (c ConFIG) Weights(s *mtl.Step) *graph.Node {
	g, active := gramian(s)
	p := active
	if c.Preference != nil {
		p = preference(s, "config/preference", "ConFIG", c.Preference, 1)
	}
	norms := graph.Sqrt(diagonal(g))
	inverse := ratio(graph.OnesLike(norms), norms)
	parts := spectrumOf(s, graph.Mul(g, between(inverse, inverse)))
	along, lengths := parts.components(p), parts.components(norms)
	// u = Jᵀ·solution; ‖u‖² = pᵀ(UUᵀ)⁺p and Σ g_t·u = normsᵀ(UUᵀ)(UUᵀ)⁺p.
	solution := graph.Mul(inverse, parts.combine(graph.Div(along, parts.values)))
	square := graph.ReduceAllSum(graph.Div(graph.Square(along), parts.values))
	product := graph.ReduceAllSum(graph.Mul(along, lengths))
	return graph.Mul(solution, ratio(product, square))
}
