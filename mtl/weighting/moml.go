package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// MOML learns weights w = softmax(α) that lower all tasks' losses on half of the batch after one step of gradient descent on the other half:
//
//	θ' = θ − η·Σ_t w_t·∇L_t(θ),  h_v = ∂L_v^val(θ')/∂α,  α ← α − Adam(Σ_v γ_v·h_v/‖h_v‖)
//
// with γ the min-norm combination of the h_v/‖h_v‖ (Ye, Lin, Yue, Guo, Xiao and Zhang, "Multi-Objective Meta Learning", NeurIPS 2021,
// algorithm 1, with one inner step; the norms as in the authors' code). The derivative is exact: h_v = −η·Jac(softmax)ᵀ·(⟨∇L_v^val(θ'), ∇L_t(θ)⟩)_t.
// θ is all of the model's trainable variables, heads included. The new w weigh the whole batch's losses, for the heads too. Σw = 1; α = 0 at first.
//
// A step costs 2T backward passes on half a batch and the usual one. A batch needs two examples at least. A task without a label in one of the halves is left
// out there, and its α stays if that is the first, as do all where a derivative is not finite.
type MOML struct {
	// Rate is Adam's learning rate for α. 0 means 0.001.
	Rate float64
	// InnerRate is η. 0 means 0.1.
	InnerRate float64
}

// Weights implements mtl.Weighting.
func (m MOML) Weights(s *mtl.Step) *graph.Node {
	scope := s.Scope.At("moml")
	rate := number(s, "moml/rate", "MOML.Rate", m.Rate, 1e-3, maximum)
	innerRate := number(s, "moml/inner_rate", "MOML.InnerRate", m.InnerRate, 0.1, maximum)
	alphaVar := stateOf(s, scope, "alpha", s.Losses.Shape(), 0)
	alpha := wide(alphaVar.NodeValue(s.Graph()))

	h := halve(s)
	rows := h.train.SharedGradients()
	trained := isActive(h.train)
	weights := softmaxOver(trained, alpha)
	theta := descend(h.theta, mtl.Combine(weights, rows), innerRate)
	after := h.at(1, theta)
	validation := after.SharedGradients()
	lines := make([]*graph.Node, s.Tasks())
	for v, row := range validation {
		line := throughSoftmax(weights, graph.Neg(graph.Mul(innerRate, dots(rows, row))))
		norm := graph.Sqrt(graph.ReduceAllSum(graph.Square(line)))
		lines[v] = graph.Div(line, graph.Where(graph.GreaterThan(norm, graph.ZerosLike(norm)), norm, graph.OnesLike(norm)))
	}
	matrix := graph.Stack(lines, 0)
	finite := allFinite(graph.ReduceSum(matrix, 0))
	matrix = graph.Where(graph.BroadcastToDims(finite, matrix.Shape().Dimensions...), matrix, graph.ZerosLike(matrix))
	mix := solve.MinNorm(gramianOf(matrix), graph.ConvertDType(isActive(after), alpha.DType())).Weights
	step := adam(s, alphaVar, combine(mix, matrix), rate, graph.LogicalAnd(trained, finite))
	alpha = graph.Sub(alpha, step)
	alphaVar.SetNodeValue(graph.ConvertDType(alpha, alphaVar.DType()))
	return graph.StopGradient(softmaxOver(isActive(s), alpha))
}

// throughSoftmax carries the derivative d by w = softmax(α) to one by α: w ⊙ (d − wᵀd).
func throughSoftmax(w, d *graph.Node) *graph.Node {
	return graph.Mul(w, graph.Sub(d, graph.ReduceAllSum(graph.Mul(w, d))))
}
