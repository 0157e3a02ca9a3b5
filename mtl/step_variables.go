package mtl

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// ModelVariables returns the trainable variables that this graph uses, shared ones and those of the heads, without the weighting's own, in
// the store's order.
func (s *Step) ModelVariables() []*model.Variable {
	return slices.DeleteFunc(trainableVariables(s.Scope.Store().RootScope(), s.Graph()), ofWeighting)
}

// On returns the step with its task gradients taken on other nodes in place of the shared parameters, such as the values of ModelVariables, or those
// that the step was evaluated with. SharedGradients then is [T][node].
func (s *Step) On(nodes []*graph.Node) *Step {
	source, ok := s.source.(interface{ scalars() []*graph.Node }) // that of a model
	if !ok {
		panic(ErrNeedsModel)
	}
	other := *s
	other.source, other.gramian, other.rows = &onNodes{losses: source.scalars(), nodes: nodes}, nil, nil
	return &other
}
