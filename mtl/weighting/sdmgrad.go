package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// SDMGrad follows a combination that is regularised towards the mean gradient, with gradients J₁, J₂, J₃ of three independent parts of the batch:
//
//	min over the simplex of ½‖J ᵀ(w + λp)‖² by projected gradient descent with J₂J₃ᵀ for JJᵀ,  g = J₁ᵀ(w + λp)/(1 + λ),  p = 1/T
//
// (Xiao, Ban and Ji, "Direction-oriented Multi-objective Learning: Simple and Provable Stochastic Algorithms", NeurIPS 2023, equation 6 and algorithm
// 1). As in the authors' code each step goes on from the last step's w with Iterations descent steps of momentum 0.5 on
// A = J₂J₃ᵀ/(m² + 1e-8), m the mean of √max(A_tt, 0) before the division. The weights are (w + λp)/(1 + λ), with the sum 1. Each head gets its own gradient, on
// the whole batch (LibMTL sums the three parts). A step needs at least three examples, and costs T backward passes on each third.
//
// A task without a label in one of the parts is left out: its w stays, and the others' are scaled to the sum 1 for that step.
// The target of the gradients cannot be the representation, which differs in each part.
type SDMGrad struct {
	// Lambda is λ. 0 means 0.3; without it (a true 0 of the hyper-parameter "sdmgrad/lambda") this is a stochastic MGDA.
	Lambda float64
	// Rate is the step size of w. 0 means 5.
	Rate float64
	// Iterations is the number of steps of w in each training step. 0 means 20.
	Iterations int
}

// momentum is that of w's descent in the authors' code.
const momentum = 0.5

// Heads implements mtl.HeadDefault.
func (SDMGrad) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (m SDMGrad) Weights(s *mtl.Step) *graph.Node {
	lambda := number(s, "sdmgrad/lambda", "SDMGrad.Lambda", m.Lambda, 0.3, maximum)
	rate := number(s, "sdmgrad/rate", "SDMGrad.Rate", m.Rate, 5, maximum)
	iterations := int32(setting("SDMGrad.Iterations", float64(m.Iterations), 20, maximum))
	parts, active := threeParts(s)
	state := simplexState(s, s.Scope.At("sdmgrad"), "weights", active)
	products := cross(parts[1], parts[2], active)
	size := mean(active, graph.Sqrt(graph.MaxScalar(diagonal(products), 0)))
	products = graph.Div(products, graph.AddScalar(graph.Square(size), 1e-8))
	uniform := only(active, graph.Div(graph.OnesLike(state.weights), count(active)))
	pull := graph.Mul(lambda, times(products, uniform))

	zero := graph.Const(s.Graph(), int32(0))
	still := graph.ZerosLike(state.weights)
	actives := graph.ConvertDType(active, still.DType())
	last := solve.While([]*graph.Node{zero, state.weights, still, products, pull, rate, actives},
		func(x []*graph.Node) *graph.Node { return graph.LessThan(x[0], graph.Const(x[0].Graph(), iterations)) },
		func(x []*graph.Node) []*graph.Node {
			g, w, products, pull, rate, actives := x[0].Graph(), x[1], x[3], x[4], x[5], x[6]
			velocity := graph.Add(graph.Mul(x[2], graph.Const(g, momentum)), graph.Add(times(products, w), pull))
			w = solve.ProjectSimplex(graph.Sub(w, graph.Mul(rate, velocity)), actives)
			return []*graph.Node{graph.Add(x[0], graph.Const(g, int32(1))), w, velocity, products, pull, rate, actives}
		})
	state.keep(last[1])
	weights := graph.Div(graph.Add(last[1], graph.Mul(lambda, uniform)), graph.OnePlus(lambda))
	s.SetDirection(mtl.Combine(weights, parts[0].SharedGradients()))
	return weights
}
