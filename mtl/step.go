package mtl

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Weighting chooses each task's weight in one training step, a node [T]. Gradients flow through the weights into the
// weighting's own trainable variables and nowhere else unless the method wants it. The weight of a task without a label in the batch
// becomes 0 whatever is returned.
type Weighting interface {
	Weights(s *Step) *graph.Node
}

// taskLosses are the losses of the step being built.
type taskLosses struct {
	names          []string
	scalars        []*graph.Node
	values, active *graph.Node // [T]
}

const (
	lossesKey  = "/mtl_task_losses"
	weightsKey = "/mtl_task_weights"
	epochKey   = "/mtl_steps_per_epoch"
)

func (l *taskLosses) keep(g *graph.Graph) { model.SetGraphParam(g, lossesKey, l) }

// Step is what a weighting sees of the training step being built. What costs extra backward passes is built only when asked for.
type Step struct {
	// Scope is the weighting's own place for state and parameters.
	Scope *model.Scope
	// Names are the names of the tasks, [T].
	Names []string
	// Losses holds the task losses, [T]; 0 for a task without a label in this batch.
	Losses *graph.Node
	// Active is 1 for each task with a label in this batch, else 0, [T].
	Active *graph.Node
	// StepsPerEpoch is the number of steps in an epoch, 0 where the data has none.
	StepsPerEpoch int

	scalars   []*graph.Node
	penalty   *graph.Node
	gradients [][]*graph.Node
}

// Tasks is the number of tasks, T.
func (s *Step) Tasks() int { return len(s.scalars) }

// Graph is the graph being built.
func (s *Step) Graph() *graph.Graph { return s.Losses.Graph() }

// AddPenalty adds a scalar to the training objective, such as the log-variance term of uncertainty weighting.
func (s *Step) AddPenalty(term *graph.Node) {
	if s.penalty != nil {
		term = graph.Add(s.penalty, term)
	}
	s.penalty = term
}

// SharedVariables returns the trainable variables under scope "shared" that this graph uses, in the store's order.
func (s *Step) SharedVariables() []*model.Variable {
	var shared []*model.Variable
	g := s.Graph()
	for v := range s.Scope.Store().Scope("/" + SharedScope).IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			shared = append(shared, v)
		}
	}
	return shared
}

// SharedGradients returns each task's gradient on the shared variables, [T][variable]: T backward passes, built once.
func (s *Step) SharedGradients() [][]*graph.Node {
	if s.gradients == nil {
		variables := s.SharedVariables()
		nodes := make([]*graph.Node, len(variables))
		for i, v := range variables {
			nodes[i] = v.NodeValue(s.Graph())
		}
		for _, l := range s.scalars {
			s.gradients = append(s.gradients, graph.Gradient(l, nodes...))
		}
	}
	return s.gradients
}

// Gramian returns G = J·Jᵀ, [T, T]: G[i][j] is the inner product of the gradients of tasks i and j on the shared variables.
func (s *Step) Gramian() *graph.Node {
	gradients := s.SharedGradients()
	rows := make([]*graph.Node, s.Tasks())
	inner := func(a, b []*graph.Node) *graph.Node {
		sum := graph.ReduceAllSum(graph.Mul(a[0], b[0]))
		for k := 1; k < len(a); k++ {
			sum = graph.Add(sum, graph.ReduceAllSum(graph.Mul(a[k], b[k])))
		}
		return sum
	}
	products := make([][]*graph.Node, s.Tasks())
	for i := range rows {
		products[i] = make([]*graph.Node, s.Tasks())
		for j := 0; j <= i; j++ {
			products[i][j] = inner(gradients[i], gradients[j])
			products[j][i] = products[i][j]
		}
	}
	for i := range rows {
		rows[i] = graph.Stack(slices.Clone(products[i]), 0)
	}
	return graph.Stack(rows, 0)
}

// Optimizer wraps an optimiser so that each step minimises Σ_t w_t·L_t plus regularisation, with the weights of w. It drops into any GoMLX
// train.Trainer whose loss is Model.Loss. The heads receive the weighted gradient. A nil weighting means equal weights of 1.
func Optimizer(w Weighting, base optimizer.Interface) optimizer.Interface {
	return &weightedOptimizer{weighting: w, base: base}
}
