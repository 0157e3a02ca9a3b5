package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/internal/solve"
)

// PCGrad is gradient surgery: each task's gradient meets the others one after the other, in random order, and loses its component along
// each one that it conflicts with at that moment,
//
//	g_i ← g_i − (g_i·g_j / ‖g_j‖²)·g_j  if g_i·g_j < 0  (g_j as it was),  g = Σ_i g_i
//
// (Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, algorithm 1), on the Gramian: the weights are the sums of each
// gradient's coefficients, 1 or more, so that Σw ≥ T. Heads keep their own gradient. Two tasks get twice the update of UPGrad. There is no
// epsilon in the denominator (LibMTL: 1e-8); a gradient of 0 conflicts with none. A widely copied version projects
// the untouched g_i on every conflict, which differs from three tasks on.
type PCGrad struct {
	// Order fixes the order, for tests and teaching: Order[i] lists the tasks in the order in which task i meets them; i itself may be left out. nil
	// draws an order for each task in each step.
	Order [][]int
}

// Heads implements mtl.HeadDefault.
func (PCGrad) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (p PCGrad) Weights(s *mtl.Step) *graph.Node {
	g, _ := gramian(s)
	meetings := turns(s, "PCGrad", p.Order)
	inverse := row(ratio(graph.OnesLike(diagonal(g)), diagonal(g)))
	// Row i of the coefficients gives the gradient of task i in terms of the original ones.
	loop := []*graph.Node{graph.Const(s.Graph(), 0.0), unit(s), g, inverse, meetings}
	loop = solve.While(loop,
		func(l []*graph.Node) *graph.Node {
			return graph.LessThan(l[0], graph.Const(l[0].Graph(), float64(s.Tasks()-1)))
		},
		func(l []*graph.Node) []*graph.Node {
			turn, coefficients, g, inverse, meetings := l[0], l[1], l[2], l[3], l[4]
			met := graph.ConvertDType(graph.Equal(meetings, turn), dtypes.Float64)
			products := graph.ReduceSum(graph.Mul(met, graph.MatMul(coefficients, g)), -1)
			conflict := graph.Neg(graph.Min(products, graph.Const(turn.Graph(), 0.0)))
			change := graph.Mul(conflict, graph.ReduceSum(graph.Mul(met, inverse), -1))
			coefficients = graph.Add(coefficients, graph.Mul(met, column(change)))
			return []*graph.Node{graph.Add(turn, graph.Const(turn.Graph(), 1.0)), coefficients, g, inverse, meetings}
		})
	return graph.ReduceSum(loop[1], 0)
}
