package weighting

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// Krum takes the mean of the gradients that lie closest to others and leaves the rest out (multi-Krum: Blanchard et al., "Machine
// Learning with Adversaries: Byzantine Tolerant Gradient Descent", NeurIPS 2017, section 4). The score of task i is
//
//	Σ ‖g_i − g_j‖ over its T − Byzantine − 2 nearest gradients j
//
// and the Selected tasks with the lowest scores have the weight 1/Selected, Σw = 1; of equal scores the earlier task's is lower. The paper sums
// squared distances; TorchJD, whose outcome is the default here, distances. Heads keep their own gradient.
//
// T is the number of active tasks. With fewer than Byzantine + 3 the score is the distance to the nearest gradient, and with fewer than
// Selected all of them are selected. Distances come from the Gramian, so that those below its rounding count as 0.
type Krum struct {
	// Byzantine is the number of gradients that may be arbitrary.
	Byzantine int
	// Selected is the number of gradients in the mean. 0 means 1.
	Selected int
	// Squared sums squared distances, as the paper does.
	Squared bool
}

// Heads implements mtl.HeadDefault.
func (Krum) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (k Krum) Weights(s *mtl.Step) *graph.Node {
	if k.Byzantine < 0 || k.Selected < 0 || k.Selected > s.Tasks() {
		exceptions.Panicf("mtl: weighting.Krum has Byzantine %d and Selected %d for %d tasks; wanted no negative number, and at most %d selected",
			k.Byzantine, k.Selected, s.Tasks(), s.Tasks())
	}
	g, active := gramian(s)
	count := graph.ReduceAllSum(active)
	norms := diagonal(g)
	distances := graph.Sub(graph.Add(column(norms), row(norms)), graph.MulScalar(g, 2))
	rounding := graph.MulScalar(graph.Add(column(norms), row(norms)), 4*precision(s)/float64(s.Tasks()))
	distances = graph.Where(graph.GreaterThan(distances, rounding), distances, graph.ZerosLike(distances))
	if !k.Squared {
		distances = graph.Sqrt(distances)
	}
	// Itself comes last, after those that are not active.
	far := graph.Where(above(between(active, active), 0), distances, graph.MulScalar(graph.OnesLike(g), math.MaxFloat64))
	far = graph.Where(graph.Diagonal(s.Graph(), s.Tasks()), graph.MulScalar(graph.OnesLike(g), math.Inf(1)), far)
	nearest := graph.MinScalar(graph.MaxScalar(graph.AddScalar(count, -float64(k.Byzantine+2)), 1), float64(s.Tasks()-1))
	counts := graph.LogicalAnd(graph.LessThan(positions(far), nearest), above(between(active, active), 0))
	scores := graph.ReduceSum(graph.Where(counts, distances, graph.ZerosLike(distances)), -1)
	scores = graph.Where(above(active, 0), scores, graph.MulScalar(graph.OnesLike(scores), math.Inf(1)))
	selected := graph.MinScalar(count, float64(max(k.Selected, 1)))
	best := graph.LessThan(positions(scores), selected)
	return graph.Where(best, graph.Div(graph.OnesLike(scores), graph.MaxScalar(selected, 1)), graph.ZerosLike(scores))
}
