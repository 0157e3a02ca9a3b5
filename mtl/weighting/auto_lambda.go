package weighting

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// AutoLambda learns the weights λ that, after one step of gradient descent on half of the batch, give the lowest loss of the primary tasks on the other
// half:
//
//	θ' = θ − η·Σ_t λ_t·∇L_t(θ),  λ ← λ − Adam(∂/∂λ Σ_p L_p^val(θ')),  ∂/∂λ_t = −η·⟨Σ_p ∇L_p^val(θ'), ∇L_t(θ)⟩
//
// (Liu, James, Davison and Johns, "Auto-Lambda: Disentangling Dynamic Task Relationships", TMLR 2022, equations 3 to 6). λ enters the step
// linearly, so this derivative is exact; the paper's finite difference (equation 6) approximates the same inner product. θ is all of the
// model's trainable variables, heads included. The new λ weigh the whole batch's losses, for the heads too. λ is free, as in the authors'
// code: it has no fixed sum, and can fall below 0; LibMTL trains a softmax instead.
//
// A step costs T + 1 backward passes on half a batch and the usual one. A batch needs two examples at least. The λ of a task without a label in the first half
// stays, as do all where the derivative is not finite. η is the rate of a plain step, whatever the model's optimiser does; the authors use its learning rate, momentum and weight decay.
type AutoLambda struct {
	// Primary are the names of the tasks that the weights serve. nil means all.
	Primary []string
	// Initial is λ before training. 0 means 0.1.
	Initial float64
	// Rate is Adam's learning rate for λ. 0 means 1e-4 (NYUv2 in the authors' code).
	Rate float64
	// InnerRate is η. 0 means 0.1, the authors' learning rate.
	InnerRate float64
}

// Weights implements mtl.Weighting.
func (m AutoLambda) Weights(s *mtl.Step) *graph.Node {
	scope := s.Scope.At("auto_lambda")
	rate := number(s, "auto_lambda/rate", "AutoLambda.Rate", m.Rate, 1e-4, maximum)
	innerRate := number(s, "auto_lambda/inner_rate", "AutoLambda.InnerRate", m.InnerRate, 0.1, maximum)
	primary := s.Parameters("auto_lambda/primary", m.primary(s))
	lambdaVar := stateOf(s, scope, "lambda", s.Losses.Shape(), setting("AutoLambda.Initial", m.Initial, 0.1, maximum))
	lambda := wide(lambdaVar.NodeValue(s.Graph()))

	h := halve(s)
	rows := h.train.SharedGradients()
	theta := descend(h.theta, mtl.Combine(lambda, rows), innerRate)
	slope := slopeOf(h.at(1, theta), primary, theta)
	gradient := graph.Neg(graph.Mul(innerRate, dots(rows, slope)))
	moves := graph.LogicalAnd(isActive(h.train), allFinite(gradient))
	lambda = graph.Sub(lambda, adam(s, lambdaVar, gradient, rate, moves))
	lambdaVar.SetNodeValue(graph.ConvertDType(lambda, lambdaVar.DType()))
	return graph.StopGradient(lambda)
}

func (m AutoLambda) primary(s *mtl.Step) []float64 {
	weights := make([]float64, s.Tasks())
	for t, name := range s.Names {
		if m.Primary == nil || slices.Contains(m.Primary, name) {
			weights[t] = 1
		}
	}
	for _, name := range m.Primary {
		if !slices.Contains(s.Names, name) {
			exceptions.Panicf("mtl: weighting.AutoLambda.Primary has %q, but there is no task of that name: the model has %q", name, s.Names)
		}
	}
	return weights
}
