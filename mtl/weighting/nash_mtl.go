package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// NashMTL weighs the tasks by the Nash bargaining solution: the α > 0 with
//
//	Gα = 1/α (each element),  G_ij = g_i·g_j
//
// (Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022, claim 3.1 and algorithm 1), after which the combined shared
// gradient, of length √T whatever the gradients, is shortened to MaxNorm as in the authors' code: the weights are α·min(1, MaxNorm/‖Σ_t α_t·g_t‖), and heads get α_t
// times their gradient, which is not shortened. Doubling a task's gradient halves its weight, so that no gradient's length counts; the learning rate
// alone sets the length of the steps.
//
// α is the exact solution, by Newton's method; the authors' code approaches it with at most 20 convex programs, each from the last α,
// and so do LibMTL and TorchJD. Where the tasks are Pareto stationary, which leaves Gα = 1/α without a solution, a very small
// multiple of the unit matrix is added to G.
type NashMTL struct {
	// MaxNorm bounds the length of the combined shared gradient. 0 means 1; a very large number means no bound.
	MaxNorm float64
	// UpdateEvery is the number of steps that share an α. A task that was not active when α was last found keeps its α from before, at first 1. 0 means 1.
	UpdateEvery int
}

// Weights implements mtl.Weighting.
func (n NashMTL) Weights(s *mtl.Step) *graph.Node {
	if n.UpdateEvery < 0 {
		exceptions.Panicf("mtl: weighting.NashMTL has UpdateEvery %d; wanted a positive number, or 0 for every step", n.UpdateEvery)
	}
	maxNorm := number(s, "nash_mtl/max_norm", "NashMTL.MaxNorm", n.MaxNorm, 1, maximum)
	g, active := gramian(s)
	found := solve.Nash(s.Gramian(), s.Active, graph.ConvertDType(graph.Const(s.Graph(), 1.0), s.Gramian().DType()))
	alpha := graph.ConvertDType(solved(s, found, found.Weights), dtypes.Float64)
	if n.UpdateEvery > 1 {
		alpha = n.latest(s, alpha, active)
	}
	alpha = graph.Mul(alpha, active)
	s.WeightHeads(alpha)
	length := graph.Sqrt(quadratic(g, alpha))
	short := graph.LessOrEqual(length, maxNorm)
	return graph.Mul(alpha, graph.Where(short, graph.OnesLike(length), ratio(maxNorm, length)))
}

// latest replaces α in every UpdateEvery-th step and returns the one kept.
func (n NashMTL) latest(s *mtl.Step, alpha, active *graph.Node) *graph.Node {
	g, scope := s.Graph(), s.Scope.At("nash_mtl")
	alphaVar := mtl.TaskVariable(scope.WithInitializer(initializer.One), "alpha", alpha.Shape(), s.Names).SetTrainable(false)
	stepsVar := scope.WithInitializer(initializer.Zero).VariableWithShape("steps", shapes.Make(dtypes.Int32)).SetTrainable(false)
	steps := stepsVar.NodeValue(g)
	finds := graph.Equal(graph.ModScalar(steps, n.UpdateEvery), graph.ScalarZero(g, dtypes.Int32))
	finds = graph.LogicalAnd(graph.BroadcastToShape(finds, shapes.Make(dtypes.Bool, s.Tasks())), above(active, 0))
	alpha = graph.Where(finds, alpha, alphaVar.NodeValue(g))
	alphaVar.SetNodeValue(alpha)
	stepsVar.SetNodeValue(graph.AddScalar(steps, 1))
	return alpha
}
