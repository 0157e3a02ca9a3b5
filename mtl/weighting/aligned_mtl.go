package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// Scale says which singular value of the gradient matrix AlignedMTL gives to all its principal components.
type Scale int

const (
	// MinScale takes the smallest one.
	MinScale Scale = iota
	// MedianScale takes the median, of an even number the lower.
	MedianScale
	// RMSScale takes the root of the mean square ("rmse").
	RMSScale
)

// String names it as TorchJD does.
func (c Scale) String() string {
	switch c {
	case MedianScale:
		return "median"
	case RMSScale:
		return "rmse"
	}
	return "min"
}

// AlignedMTL makes all principal components of the task gradients equally long, σ, so that none dominates:
//
//	w = σ·V·Λ^(−1/2)·Vᵀ·p,  G = VΛVᵀ
//
// (Senushkin et al., "Independent Component Alignment for Multi-Task Learning", CVPR 2023, algorithm 1, with σ² the smallest eigenvalue). Eigenvalues that are
// 0 but for rounding are left out; w is p where all are. p is 1/T or the preference; LibMTL and SamsungLabs take 1, which gives T times
// the update. Heads keep their own gradient.
type AlignedMTL struct {
	// Scale chooses σ.
	Scale Scale
	// Preference is p. nil means 1/T for the active tasks.
	Preference []float64
}

// Heads implements mtl.HeadDefault.
func (AlignedMTL) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (a AlignedMTL) Weights(s *mtl.Step) *graph.Node {
	g, _ := gramian(s)
	p := preference(s, "aligned_mtl/preference", "AlignedMTL", a.Preference, 1)
	parts := spectrumOf(s, g)
	rank := parts.rank()
	var square *graph.Node
	switch a.Scale {
	case MinScale:
		square = parts.smallest(graph.OnesLike(rank))
	case MedianScale:
		square = parts.smallest(graph.Floor(graph.MulScalar(graph.AddScalar(rank, 1), 0.5)))
	case RMSScale:
		square = ratio(graph.ReduceAllSum(graph.Mul(parts.kept, parts.values)), rank)
	default:
		exceptions.Panicf("mtl: weighting.AlignedMTL has the Scale %d; wanted one of the constants", a.Scale)
	}
	components := graph.Mul(parts.components(p), graph.Sqrt(graph.Div(square, parts.values)))
	return graph.Where(above(rank, 0), parts.combine(components), p)
}
