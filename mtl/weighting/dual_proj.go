package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// DualProj projects the average gradient on the cone of directions that conflict with no task:
//
//	w = argmin vᵀĜv over v ≥ p,  Ĝ = G/tr(G) + RegEps·I
//
// (the quadratic program of gradient episodic memory: Lopez-Paz and Ranzato, "Gradient Episodic Memory for Continual Learning", NeurIPS
// 2017, equations 8 to 11, with all tasks' gradients as memories). w ≥ p, so Σw ≥ 1 with the preference p = 1/T. Heads keep their own gradient. The
// projection is exact.
type DualProj struct {
	// Preference is p. nil means 1/T for the active tasks.
	Preference []float64
	// RegEps is as in UPGrad. 0 means 1e-4.
	RegEps float64
	// NormEps is as in UPGrad. 0 means that gradients are never too short.
	NormEps float64
}

// Heads implements mtl.HeadDefault.
func (DualProj) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (d DualProj) Weights(s *mtl.Step) *graph.Node {
	g := regularGramian(s, "dual_proj", "DualProj", d.RegEps, d.NormEps)
	p := graph.ConvertDType(preference(s, "dual_proj/preference", "DualProj", d.Preference, 1), g.DType())
	found := solve.DualCone(g, s.Active, row(p))
	return solved(s, found, graph.Reshape(found.Weights, s.Tasks()))
}
