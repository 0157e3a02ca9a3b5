package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// MoDo follows a min-norm combination whose weights move one step at a time, with gradients J₁, J₂, J₃ of three independent parts of the batch so that the product
// has no bias:
//
//	λ ← Π(λ − γ·(J₁J₂ᵀ + ρI)·λ),  g = J₃ᵀλ
//
// with Π the projection onto the simplex and λ = 1/T at first (Chen, Fernando, Ying and Chen, "Three-Way Trade-Off in Multi-Objective Learning: Optimization,
// Generalization and Conflict-Avoidance", NeurIPS 2023, algorithm 2; JMLR 2024). Σλ = 1. Each head gets its own gradient, on the whole batch
// where LibMTL averages the three parts. A step needs at least three examples, and costs T backward passes on each third.
//
// A task without a label in one of the parts is left out: its λ stays, and the others' are scaled to the sum 1 for that step.
// The target of the gradients cannot be the representation, which differs in each part.
type MoDo struct {
	// Gamma is γ, the rate of λ. 0 means 0.001.
	Gamma float64
	// Rho is ρ, the regularisation of λ. 0 means 0.1; for none, set the hyper-parameter "modo/rho" to 0.
	Rho float64
}

// Heads implements mtl.HeadDefault.
func (MoDo) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m MoDo) Weights(s *mtl.Step) *graph.Node {
	gamma := number(s, "modo/gamma", "MoDo.Gamma", m.Gamma, 1e-3, maximum)
	rho := number(s, "modo/rho", "MoDo.Rho", m.Rho, 0.1, maximum)
	parts, active := threeParts(s)
	state := simplexState(s, s.Scope.At("modo"), "lambda", active)
	products := times(cross(parts[0], parts[1], active), state.weights)
	force := graph.Add(products, graph.Mul(rho, state.weights))
	lambda := solve.ProjectSimplex(graph.Sub(state.weights, graph.Mul(gamma, force)), graph.ConvertDType(active, force.DType()))
	state.keep(lambda)
	s.SetDirection(mtl.Combine(lambda, parts[2].SharedGradients()))
	return lambda
}
