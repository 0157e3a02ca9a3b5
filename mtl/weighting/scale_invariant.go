package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// ScaleInvariant trains on the logarithms of the losses,
//
//	Σ_t log(L_t + b),  so that  w_t = 1 / (L_t + b)
//
// a strong simple baseline (Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022, section 6, "SI"). With b = 0 the units of a loss do
// not matter: a constant factor leaves the gradient as it is. The sum of the weights is free.
//
// A loss whose L_t + b is 0 or less (1e-30, to be exact) has no logarithm: its task is left out of that step, as if it had no label.
type ScaleInvariant struct {
	// Offset is b: 0 in the paper, 1 in some implementations, which bounds the weights of small losses by 1.
	Offset float64
}

// Weights implements mtl.Weighting.
func (m ScaleInvariant) Weights(s *mtl.Step) *graph.Node {
	losses, active := positiveLosses(s, number(s, "scale_invariant/offset", "ScaleInvariant.Offset", m.Offset, 0, maximum))
	return graph.StopGradient(only(active, graph.Reciprocal(losses)))
}
