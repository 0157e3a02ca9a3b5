package weighting

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// GradVac is gradient vaccine: PCGrad with a target φ̂_ij for the cosine of each pair in place of 0. Each task's gradient meets the
// others one after the other, in random order; where φ = cos(g_i, g_j) is below φ̂_ij it is brought there,
//
//	g_i ← g_i + ‖g_i‖·(φ̂_ij·√(1−φ²) − φ·√(1−φ̂_ij²)) / (‖g_j‖·√(1−φ̂_ij²)) · g_j  (g_j as it was)
//
// and φ̂_ij ← (1−β)·φ̂_ij + β·φ in every step, from φ̂ = 0; g = Σ_i g_i (Wang et al., "Gradient Vaccine: Investigating and Improving Multi-task
// Optimization in Massively Multilingual Models", ICLR 2021, algorithm 1 and equation 6). The first step is PCGrad's. Σw ≥ T; heads
// keep their own gradient. Targets per layer, as in the paper, come with mtl.PerLayer as target of mtl.Gradients.
//
// A pair of which one task is not active leaves φ̂ as it is; the cosine with a gradient of 0 is 0. Cosines within rounding of the target
// count as being there, and 1−φ̂² is kept above rounding, so that equal gradients stay as they are. SamsungLabs' version updates φ̂ only where it acts.
type GradVac struct {
	// Beta is β in (0, 1], the speed of the targets. 0 means 0.5, as in LibMTL and TorchJD.
	Beta float64
	// Order fixes the order, as in PCGrad.
	Order [][]int
}

// Heads implements mtl.HeadDefault.
func (GradVac) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (v GradVac) Weights(s *mtl.Step) *graph.Node {
	g, active := gramian(s)
	beta := number(s, "gradvac/beta", "GradVac.Beta", v.Beta, 0.5, 1)
	scope := s.Scope.At("gradvac").WithInitializer(initializer.Zero)
	targetsVar := mtl.TaskVariable(scope, "targets", shapes.Make(dtypes.Float64, s.Tasks(), s.Tasks()), s.Names, 0, 1).SetTrainable(false)
	targets := targetsVar.NodeValue(s.Graph())
	loop := []*graph.Node{
		graph.Const(s.Graph(), 0.0), unit(s), targets,
		g, row(graph.Sqrt(diagonal(g))), between(active, active), turns(s, "GradVac", v.Order), beta,
	}
	rounding := 8 * precision(s)
	loop = solve.While(loop,
		func(l []*graph.Node) *graph.Node {
			return graph.LessThan(l[0], graph.Const(l[0].Graph(), float64(s.Tasks()-1)))
		},
		func(l []*graph.Node) []*graph.Node {
			turn, coefficients, targets, g, norms, known, meetings, beta := l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7]
			met := graph.ConvertDType(graph.Equal(meetings, turn), dtypes.Float64)
			constant := func(v float64) *graph.Node { return graph.Const(turn.Graph(), v) }
			ofMet := func(m *graph.Node) *graph.Node { return graph.ReduceSum(graph.Mul(met, m), -1) }

			projected := graph.MatMul(coefficients, g)
			square := graph.ReduceSum(graph.Mul(projected, coefficients), -1)
			size := graph.ReduceSum(graph.Mul(graph.Abs(coefficients), norms), -1)
			// A gradient that cancelled but for rounding is 0.
			square = graph.Where(graph.GreaterThan(square, graph.Mul(constant(rounding), graph.Mul(size, size))), square, graph.Sub(square, square))
			mine, other := graph.Sqrt(square), ofMet(norms)
			both := graph.Mul(mine, other)
			alive := graph.GreaterThan(both, constant(0))
			safe := graph.Where(alive, both, constant(1))
			cosine := graph.Where(alive, graph.Div(ofMet(projected), safe), graph.Sub(both, both))
			cosine = graph.Max(graph.Min(cosine, constant(1)), constant(-1))
			target := ofMet(targets)

			sine := func(c *graph.Node) *graph.Node {
				return graph.Sqrt(graph.Max(graph.Sub(constant(1), graph.Mul(c, c)), constant(0)))
			}
			low := graph.Max(sine(target), constant(math.Sqrt(rounding)))
			change := graph.Sub(graph.Mul(target, sine(cosine)), graph.Mul(cosine, low))
			change = graph.Div(graph.Mul(mine, change), graph.Mul(graph.Where(alive, other, constant(1)), low))
			acts := graph.LogicalAnd(alive, graph.LessThan(cosine, graph.Sub(target, constant(rounding))))
			change = graph.Where(acts, change, graph.Sub(both, both))

			coefficients = graph.Add(coefficients, graph.Mul(met, column(change)))
			moved := graph.Mul(beta, graph.Sub(cosine, target))
			targets = graph.Add(targets, graph.Mul(graph.Mul(met, known), column(moved)))
			return []*graph.Node{graph.Add(turn, constant(1)), coefficients, targets, g, norms, known, meetings, beta}
		})
	targetsVar.SetNodeValue(loop[2])
	return graph.ReduceSum(loop[1], 0)
}
