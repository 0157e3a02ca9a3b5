package mtl

import (
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Weighting chooses each task's weight in one training step, a node [T]. Every method is one: a loss weighting looks at Losses alone and costs
// nothing; a gradient method asks the step for Gramian or SharedGradients; a method whose update is no weighted sum of the task gradients
// sets it with SetDirection. The weight of a task without a label in the batch becomes 0 whatever is returned.
//
// A loss weighting's weights carry gradients into its own trainable variables. Those of a gradient method do not, as they come out
// of a solver: it trains its variables by AddPenalty.
type Weighting interface {
	Weights(s *Step) *graph.Node
}

// taskLosses are the losses of the step being built.
type taskLosses struct {
	names          []string
	scalars        []*graph.Node
	values, active *graph.Node   // [T]
	features       []*graph.Node // the representation that each head got
	// arrived are the gradients that came to each task's predictions, once they were asked for.
	arrived [][]*graph.Node
	// again builds the losses of part i of n of the same batch, with the variables' values of the moment.
	again func(i, n int) *taskLosses
	derivative
}

const (
	lossesKey   = "/mtl_task_losses"
	forwardKey  = "/mtl_forward"
	featuresKey = "/mtl_features"
	weightsKey  = "/mtl_task_weights"
	epochKey    = "/mtl_steps_per_epoch"
	jacobianKey = "/mtl_jacobian_bytes"
	reportedKey = "/mtl_reported_losses"
)

// reported are the losses [T] for the history: NaN where the gradient of a task is not finite, so that the run ends with that task's name before all losses are NaN.
func (l *taskLosses) reported() *graph.Node {
	scalars := slices.Clone(l.scalars)
	for i, gradients := range l.arrived {
		for _, d := range gradients {
			finite := graph.LogicalAll(graph.IsFinite(d))
			scalars[i] = graph.Where(finite, scalars[i], graph.Scalar(d.Graph(), scalars[i].DType(), math.NaN()))
		}
	}
	return graph.Stack(scalars, 0)
}

func (l *taskLosses) keep(g *graph.Graph) { model.SetGraphParam(g, lossesKey, l) }

// Step is what a weighting sees of the training step being built. What costs extra backward passes is built only when asked for.
type Step struct {
	// Scope is the weighting's own place for state.
	Scope *model.Scope
	// Names are the names of the tasks, [T].
	Names []string
	// Losses holds the task losses, [T]; 0 for a task without a label in this batch.
	Losses *graph.Node
	// Active is 1 for each task with a label in this batch, else 0, [T]. Once Gramian or SharedGradients was called, it is also 0 for a
	// task whose loss or gradient is not finite.
	Active *graph.Node
	// StepsPerEpoch is the number of steps in an epoch, 0 where the data has none.
	StepsPerEpoch int

	source  gradientSource
	gramian *graph.Node     // [T, T]; it and the rows are zero where not Active
	usable  *graph.Node     // [T], Active as booleans
	rows    [][]*graph.Node // [T][vector]

	onRepresentation bool

	penalty   *graph.Node
	reports   map[string]*graph.Node
	direction []*graph.Node
	headScale *graph.Node
	heads     *graph.Node
	after     func(*Step)
	evaluate  func(i, n int, values map[*model.Variable]*graph.Node) *Step
}

// OnRepresentation tells whether the task gradients are those on the representation of the examples of this batch, which mean nothing in the next
// step: a method that remembers gradients cannot use them.
func (s *Step) OnRepresentation() bool { return s.onRepresentation }

// Tasks is the number of tasks, T.
func (s *Step) Tasks() int { return s.Losses.Shape().Dimensions[0] }

// Graph is the graph being built.
func (s *Step) Graph() *graph.Graph { return s.Losses.Graph() }

// AddPenalty adds a scalar to the training objective, such as the log-variance term of uncertainty weighting.
func (s *Step) AddPenalty(term *graph.Node) {
	if s.penalty != nil {
		term = graph.Add(s.penalty, term)
	}
	s.penalty = term
}

// Report names a scalar that tells how the method fared, such as the "iterations" and the "residual" of its solver. Training ignores it;
// MatrixStep.Combine returns it.
func (s *Step) Report(name string, value *graph.Node) {
	if s.reports == nil {
		s.reports = map[string]*graph.Node{}
	}
	s.reports[name] = value
}

// SetDirection makes direction the combined gradient, in place of Σ_t w_t·g_t. It has the shapes of a row of SharedGradients. The returned
// weights then serve the heads and the history alone.
func (s *Step) SetDirection(direction []*graph.Node) { s.direction = direction }

// ScaleHeads tells that the method trains on c_t·L_t, [T], such as a learnt or logarithmic rescaling of the losses: a raw head gets
// c_t times the gradient of its loss in place of 1 times.
func (s *Step) ScaleHeads(c *graph.Node) { s.headScale = c }

// WeightHeads gives heads with weighted gradients w, [T], in place of the returned weights, for a method that clips or rescales the shared
// gradient alone.
func (s *Step) WeightHeads(w *graph.Node) { s.heads = w }

// AfterUpdate calls fn with the losses of the same batch at the updated parameters: one more forward pass. What fn writes into
// variables is kept for the next step. A step has at most one such function.
func (s *Step) AfterUpdate(fn func(after *Step)) {
	if s.after != nil {
		panicf("a step has two functions to call after the update; wanted at most one")
	}
	s.after = fn
}

// Batch returns the step of the i-th of n equal parts of the batch, with its own losses and gradients: independent samples for methods that
// need several. It costs a forward pass on that part.
func (s *Step) Batch(i, n int) *Step { return s.Evaluate(i, n, nil) }

// Evaluate returns the step of the i-th of n equal parts of the batch with some variables' values replaced, as the look-ahead of a
// bilevel method needs. It costs a forward pass on that part; the variables and the layers' state stay as they were.
func (s *Step) Evaluate(i, n int, values map[*model.Variable]*graph.Node) *Step {
	if n < 1 || i < 0 || i >= n {
		panicf("part %d of %d of a batch was asked for; wanted a part from 0 to below the number of parts", i, n)
	}
	if s.evaluate == nil {
		panic(ErrNeedsModel)
	}
	return s.evaluate(i, n, values)
}

// UsesGradients tells whether the method asked for task gradients.
func (s *Step) UsesGradients() bool { return s.gramian != nil }
