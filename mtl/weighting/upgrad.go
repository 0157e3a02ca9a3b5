package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// UPGrad projects each task's gradient on the cone of directions that conflict with no task, and sums what comes out:
//
//	w = Σ_i argmin vᵀĜv over v ≥ p_i·e_i,  Ĝ = G/tr(G) + RegEps·I
//
// (Quinton and Rey, "Jacobian Descent for Multi-Objective Optimization", 2024, equation 4 and proposition 1). w ≥ p, so Σw ≥ 1 with the
// preference p = 1/T. It conflicts with no task, up to RegEps, and is linear in the scale of each gradient. Two tasks get half of
// PCGrad's update. Heads keep their own gradient. The projections are exact.
type UPGrad struct {
	// Preference is p. nil means 1/T for the active tasks.
	Preference []float64
	// RegEps is the multiple of the unit matrix that makes Ĝ positive definite. 0 means TorchJD's 1e-4; for none, a number as small as 1e-300.
	RegEps float64
	// NormEps is the trace of G below which all gradients count as 0 and w = p. TorchJD has 1e-4, which makes it the mean for gradients shorter
	// than 0.01; 0 means never.
	NormEps float64
}

// Heads implements mtl.HeadDefault.
func (UPGrad) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (u UPGrad) Weights(s *mtl.Step) *graph.Node {
	g := regularGramian(s, "upgrad", "UPGrad", u.RegEps, u.NormEps)
	p := graph.ConvertDType(preference(s, "upgrad/preference", "UPGrad", u.Preference, 1), g.DType())
	rows := graph.Where(graph.Diagonal(s.Graph(), s.Tasks()), graph.BroadcastToShape(row(p), g.Shape()), graph.ZerosLike(g))
	found := solve.DualCone(g, s.Active, rows)
	return solved(s, found, graph.ReduceSum(found.Weights, 0))
}

// regularGramian returns G/tr(G) + regEps·I in the Gramian's type; with a trace of at most normEps it is regEps·I.
func regularGramian(s *mtl.Step, path, method string, regEps, normEps float64) *graph.Node {
	regularization := number(s, path+"/reg_eps", method+".RegEps", regEps, 1e-4, maximum)
	smallest := number(s, path+"/norm_eps", method+".NormEps", normEps, 0, maximum)
	g, _ := gramian(s)
	trace := graph.ReduceAllSum(diagonal(g))
	inverse := ratio(graph.OnesLike(trace), graph.Where(graph.LessThan(trace, smallest), graph.ZerosLike(trace), trace))
	g = graph.Add(graph.Mul(g, inverse), graph.Mul(regularization, unit(s)))
	return graph.ConvertDType(g, s.Gramian().DType())
}
