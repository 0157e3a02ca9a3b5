package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// MoCo corrects the bias of stochastic gradients by a running estimate y_t of each task's gradient, and follows the min-norm combination of
// these. In step k
//
//	ĝ_t = L_t·g_t/(‖g_t‖ + 1e-8),  y ← y − β_k·(y − ĝ),  λ ← softmax(λ − γ_k·(YYᵀ + ρI)·λ),  g = Yᵀλ,  β_k = β/k^σ, γ_k = γ/k^σ'
//
// (Fernando et al., "Mitigating Gradient Bias in Multi-objective Learning: A Provably Convergent Approach", ICLR 2023, algorithm 1, as in the authors' code
// that LibMTL carries; y = 0 and λ = 1/T at first). The paper itself scales no gradient, and projects λ onto the simplex
// (equation 10): see Project. Each head gets its own gradient. Σλ = 1. y is a matrix as large as the Jacobian, [T, d].
//
// The y and λ of a task that is not active stay, and the other tasks' λ are scaled to the sum 1 for that step.
type MoCo struct {
	// Beta is β, the rate of y. 0 means 0.5.
	Beta float64
	// BetaDecay is σ. 0 means 0.5; for none, set the hyper-parameter "moco/beta_decay" to 0.
	BetaDecay float64
	// Gamma is γ, the rate of λ. 0 means 0.1.
	Gamma float64
	// GammaDecay is σ'. 0 means 0.5; for none, set the hyper-parameter "moco/gamma_decay" to 0.
	GammaDecay float64
	// Rho is ρ, the regularisation of λ.
	Rho float64
	// Project takes the projection of the paper in place of the softmax of the code.
	Project bool
}

// Heads implements mtl.HeadDefault.
func (MoCo) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m MoCo) Weights(s *mtl.Step) *graph.Node {
	remembers(s, "MoCo")
	scope := s.Scope.At("moco")
	step := countStep(s, scope)
	decaying := func(rate, decay *graph.Node) *graph.Node { return graph.Div(rate, graph.Pow(step, decay)) }
	beta := decaying(number(s, "moco/beta", "MoCo.Beta", m.Beta, 0.5, maximum),
		number(s, "moco/beta_decay", "MoCo.BetaDecay", m.BetaDecay, 0.5, maximum))
	gamma := decaying(number(s, "moco/gamma", "MoCo.Gamma", m.Gamma, 0.1, maximum),
		number(s, "moco/gamma_decay", "MoCo.GammaDecay", m.GammaDecay, 0.5, maximum))
	rho := number(s, "moco/rho", "MoCo.Rho", m.Rho, 0, maximum)
	size := graph.AddScalar(lengths(s), 1e-8)
	rows := s.SharedGradients()
	active := isActive(s)

	matrix := matrixOf(rows)
	yVar := stateOf(s, scope, "y", matrix.Shape(), 0)
	old := yVar.NodeValue(s.Graph())
	scaled := scaleRows(matrix, graph.Div(wide(only(active, s.Losses)), size))
	y := graph.Sub(old, graph.Mul(graph.Sub(old, scaled), graph.ConvertDType(beta, old.DType())))
	y = graph.Where(active, y, old)
	yVar.SetNodeValue(y)

	state := simplexState(s, scope, "lambda", active)
	products := times(gramianOf(y), state.weights)
	force := graph.Add(products, graph.Mul(rho, state.weights))
	lambda := graph.Sub(state.weights, graph.Mul(gamma, force))
	if m.Project {
		lambda = solve.ProjectSimplex(lambda, graph.ConvertDType(active, lambda.DType()))
	} else {
		lambda = softmaxOver(active, lambda)
	}
	state.keep(lambda)
	s.SetDirection(partsOf(combine(lambda, y), rows[0]))
	return lambda
}
