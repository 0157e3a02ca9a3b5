package mtl

import (
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
)

// newStep is the step of a model's losses, with task gradients on all shared parameters.
func newStep(store *model.Store, losses *taskLosses) *Step {
	g := losses.values.Graph()
	s := &Step{
		Scope:         store.Scope("/" + stateScope),
		Names:         losses.names,
		Losses:        losses.values,
		Active:        losses.active,
		StepsPerEpoch: stepsPerEpoch(g),
	}
	s.source = losses.on(nodesOf(g, sharedVariables(store, g)))
	s.evaluate = func(i, n int, values map[*model.Variable]*graph.Node) *Step {
		var part *Step
		withValues(store, g, values, func() { part = newStep(store, losses.again(i, n)) })
		return part
	}
	return s
}

// SharedVariables returns the trainable variables under scope "shared" that this graph uses, in the store's order.
func (s *Step) SharedVariables() []*model.Variable {
	return sharedVariables(s.Scope.Store(), s.Graph())
}

func sharedVariables(store *model.Store, g *graph.Graph) []*model.Variable {
	return trainableVariables(store.Scope("/"+SharedScope), g)
}

// trainableVariables returns the trainable variables of a scope that the graph uses, in the store's order, which is that of an optimiser's gradients.
func trainableVariables(scope *model.Scope, g *graph.Graph) []*model.Variable {
	var variables []*model.Variable
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			variables = append(variables, v)
		}
	}
	return variables
}

// ofWeighting tells the weighting's own variables from the model's.
func ofWeighting(v *model.Variable) bool { return strings.HasPrefix(v.Path(), "/"+stateScope+"/") }

func nodesOf(g *graph.Graph, variables []*model.Variable) []*graph.Node {
	nodes := make([]*graph.Node, len(variables))
	for i, v := range variables {
		nodes[i] = v.NodeValue(g)
	}
	return nodes
}

// withValues runs fn, which builds a forward pass, with some variables' values replaced, and then gives every variable and the regularisation
// term back what they were: a second pass must not move batch-normalisation averages twice. Only the random state moves on.
func withValues(store *model.Store, g *graph.Graph, values map[*model.Variable]*graph.Node, fn func()) {
	before := map[*model.Variable]*graph.Node{}
	for v := range store.IterVariables() {
		if v.InUseByGraph(g) && !strings.HasSuffix(v.Path(), model.RNGStateVariableName) {
			before[v] = v.NodeValue(g)
		}
	}
	regularization := train.GetRegularizationLoss(g)
	for v, value := range values {
		v.SetNodeValue(value)
	}
	mute(g, fn)
	for v, value := range before {
		v.SetNodeValue(value)
	}
	if regularization != nil {
		setRegularization(g, regularization)
	}
}

// setRegularization replaces what train.AddRegularizationLoss added up.
func setRegularization(g *graph.Graph, value *graph.Node) {
	model.SetGraphParam(g, model.JoinPath(train.TrainerAbsoluteScope, train.TrainerRegularizationLossGraphParamKey), value)
}
