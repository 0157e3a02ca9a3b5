package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// threeParts returns the step on each third of the batch, and the tasks that have usable gradients in all three. A task whose loss or gradient is not finite in
// one of them is no longer active in the step, so that its head is left alone; one that only lacks labels there is left out of the direction alone.
func threeParts(s *mtl.Step) (parts [3]*mtl.Step, active *graph.Node) {
	usable := graph.IsFinite(s.Losses)
	for i := range parts {
		parts[i] = s.Batch(i, 3)
		labelled := isActive(parts[i])
		parts[i].Gramian()
		now := isActive(parts[i])
		usable = graph.LogicalAnd(usable, graph.LogicalOr(now, graph.LogicalNot(labelled)))
		if active == nil {
			active = now
		} else {
			active = graph.LogicalAnd(active, now)
		}
	}
	s.Active = only(usable, s.Active)
	return parts, graph.LogicalAnd(active, isActive(s))
}

// cross is JKᵀ of two parts, float64, with rows and columns of tasks that are not active 0.
func cross(a, b *mtl.Step, active *graph.Node) *graph.Node {
	both := graph.LogicalAnd(graph.InsertAxes(active, 0), graph.InsertAxes(active, 1))
	return only(both, wide(a.CrossGramian(b)))
}
