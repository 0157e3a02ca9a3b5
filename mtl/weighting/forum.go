package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// FORUM learns weights w = softmax(α) of the training losses f = Σ_t w_t·L_t such that the parameters that minimise f lower all validation losses
// F_t. It does so without second derivatives: with f̂ the value of f after InnerSteps steps of gradient descent,
//
//	q = f − f̂,  min_d max_t ⟨∇F_t, d⟩ + ½‖d‖²  subject to  ⟨∇q, d⟩ ≤ −φ·‖∇q‖²
//
// gives d = −(Σ_t λ_t·∇F_t + ν·∇q), ν = max(Σ_t λ_t·π_t, 0), π_t = φ − ⟨∇q, ∇F_t⟩/‖∇q‖², with λ the solution of the dual problem on the simplex,
// averaged over the steps: λ̄ ← λ̄ + (k+1)^(−3/4)·(λ − λ̄) (Ye, Lin, Cao, Zhang and Tsang, "A First-Order Multi-Gradient Algorithm for Multi-Objective
// Bi-Level Optimization", ECAI 2024, algorithm 1). The ∇F_t are scaled to norm 1, as in the authors' code. f and f̂ are of one half of
// the batch, F of the other; gradients are on all of the model's trainable variables, heads included, and α, which gets ν·∂q/∂α with Adam.
//
// The parameters follow d by way of the weights λ̄_t/‖∇F_t‖ + ν·w_t on the losses of the whole batch, for the heads too, so that each gradient is
// averaged over both halves instead of taken on one; the weights have no fixed sum. The authors' code differs in the dual (half of
// φ in its objective, ν ≥ Σλπ as a constraint) and averages with k the epoch.
//
// A step costs T + InnerSteps backward passes on half a batch and the usual one. A batch needs two examples at least. A task without a label
// in a half is left out there; its α and λ̄ stay. Where ∇q is not finite, or 0, the step is the min-norm combination of the ∇F_t alone.
type FORUM struct {
	// Phi is φ. 0 means 0.1.
	Phi float64
	// InnerSteps is the number of steps to f̂. 0 means 5.
	InnerSteps int
	// InnerRate is their learning rate. 0 means 0.1.
	InnerRate float64
	// Rate is Adam's learning rate for α. 0 means 0.001.
	Rate float64
}

// Weights implements mtl.Weighting.
func (m FORUM) Weights(s *mtl.Step) *graph.Node {
	scope := s.Scope.At("forum")
	phi := number(s, "forum/phi", "FORUM.Phi", m.Phi, 0.1, maximum)
	rate := number(s, "forum/rate", "FORUM.Rate", m.Rate, 1e-3, maximum)
	innerRate := number(s, "forum/inner_rate", "FORUM.InnerRate", m.InnerRate, 0.1, maximum)
	innerSteps := int(setting("FORUM.InnerSteps", float64(m.InnerSteps), 5, maximum))
	alphaVar := stateOf(s, scope, "alpha", s.Losses.Shape(), 0)
	alpha := wide(alphaVar.NodeValue(s.Graph()))

	h := halve(s)
	trained := isActive(h.train)
	shares := softmaxOver(trained, alpha)
	slope := slopeOf(h.train, shares, h.theta)
	theta := descend(h.theta, slope, innerRate)
	for range innerSteps - 1 {
		theta = descend(theta, slopeOf(h.at(0, theta), shares, theta), innerRate)
	}
	fall := only(trained, graph.Sub(wide(h.train.Losses), wide(h.at(0, theta).Losses)))
	own := throughSoftmax(shares, fall)
	validation := h.at(1, h.theta)
	rows := validation.SharedGradients()
	norms := lengths(validation)
	inverse := inverseOf(norms)
	square := graph.Add(dot(slope, slope), graph.ReduceAllSum(graph.Square(own)))
	usable := graph.LogicalAnd(graph.IsFinite(square), graph.GreaterThan(square, graph.ZerosLike(square)))
	size := graph.Sqrt(graph.Where(usable, square, graph.OnesLike(square)))
	all := graph.BroadcastToDims(usable, s.Tasks())
	cosines := graph.Div(only(all, graph.Mul(inverse, dots(rows, slope))), size)
	size = only(usable, size)
	products := graph.Mul(graph.Mul(wide(validation.Gramian()), graph.InsertAxes(inverse, 0)), graph.InsertAxes(inverse, 1))
	judged := isActive(validation)

	next := forumDual(products, cosines, graph.Mul(phi, size), judged)
	state := simplexState(s, scope, "lambda", judged)
	pace := graph.Pow(countStep(s, scope), graph.Const(s.Graph(), -0.75))
	lambda := graph.Add(state.weights, graph.Mul(pace, graph.Sub(next, state.weights)))
	state.keep(lambda)
	// ν·‖∇q‖ = max(φ·‖∇q‖ − Σ λ_t·cos_t, 0) with rows of norm 1.
	force := graph.MaxScalar(graph.Sub(graph.Mul(phi, size), graph.ReduceAllSum(graph.Mul(lambda, cosines))), 0)
	nu := only(usable, graph.Div(force, graph.Where(usable, size, graph.OnesLike(size))))

	gradient := graph.Mul(nu, own)
	moves := graph.LogicalAnd(graph.LogicalAnd(trained, all), allFinite(gradient))
	alphaVar.SetNodeValue(graph.ConvertDType(graph.Sub(alpha, adam(s, alphaVar, gradient, rate, moves)), alphaVar.DType()))
	return graph.StopGradient(graph.Add(graph.Mul(lambda, inverse), graph.Mul(nu, shares)))
}

// inverseOf is 1/x, 0 where x is 0.
func inverseOf(x *graph.Node) *graph.Node {
	positive := graph.GreaterThan(x, graph.ZerosLike(x))
	return only(positive, graph.Reciprocal(graph.Where(positive, x, graph.OnesLike(x))))
}

// forumDual is λ for rows of norm 1 with the Gramian G, their cosines c with ∇q, and b = φ·‖∇q‖. Where the min-norm combination fulfils the constraint, cᵀλ ≥ b,
// that is the solution. Else the constraint is tight, and λ is the argmin on the simplex of ½λᵀ(G − ccᵀ)λ + b·cᵀλ.
func forumDual(products, cosines, bound, active *graph.Node) *graph.Node {
	actives := graph.ConvertDType(active, products.DType())
	free := solve.MinNorm(products, actives).Weights
	along := graph.ReduceAllSum(graph.Mul(free, cosines))
	across := graph.Sub(products, graph.Mul(graph.InsertAxes(cosines, 1), graph.InsertAxes(cosines, 0)))
	// The guess also puts one loop after the other: the pure-Go backend may stand still with two at once.
	tight := solve.QuadraticOnSimplex(across, graph.Mul(bound, cosines), free, actives)
	holds := graph.BroadcastToDims(graph.GreaterOrEqual(along, bound), active.Shape().Dimensions...)
	return graph.Where(holds, free, tight)
}
