package mtl

import "github.com/gomlx/gomlx/core/graph"

// derivative takes gradients of the task losses by the model's variables, given by the nodes of their values.
type derivative interface {
	// combined returns Σ_t w_t·∂L_t/∂nodes, for weights [T]: one backward pass.
	combined(weights *graph.Node, nodes []*graph.Node) []*graph.Node
	// of returns ∂L_t/∂nodes of task t.
	of(t int, nodes []*graph.Node) []*graph.Node
	// announce tells which gradients may be asked for: each group's, and those of the heads.
	announce(s *Step, groups []*groupStep)
	// on returns the gradients of all tasks on nodes.
	on(nodes []*graph.Node) gradientSource
}

// wholePass takes gradients through the pass that made the losses.
type wholePass struct{ *taskLosses }

func (l wholePass) combined(weights *graph.Node, nodes []*graph.Node) []*graph.Node {
	return graph.Gradient(graph.ReduceAllSum(graph.Mul(graph.StopGradient(weights), l.values)), nodes...)
}

func (l wholePass) of(t int, nodes []*graph.Node) []*graph.Node {
	return graph.Gradient(l.scalars[t], nodes...)
}

func (l wholePass) announce(*Step, []*groupStep) {}

func (l wholePass) on(nodes []*graph.Node) gradientSource {
	return &onNodes{losses: l.scalars, nodes: nodes}
}
