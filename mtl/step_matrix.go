package mtl

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// MatrixStep is a training step given by its numbers instead of by a model: to ask a weighting what it would do, and to test one.
type MatrixStep struct {
	// Jacobian holds the task gradients by rows, [T, d].
	Jacobian *graph.Node
	// Losses are the task losses, [T]; nil means all 1.
	Losses *graph.Node
	// Active is 1 for each task with a label, else 0, [T]; nil means all 1.
	Active *graph.Node
	// Parts are the Jacobians of independent parts of the batch for methods that need several; nil means that each part's is Jacobian.
	Parts []*graph.Node
	// LossesAfter are the losses of the same batch at the updated parameters, [T]; nil means that they are Losses.
	LossesAfter *graph.Node
	// StepsPerEpoch is the number of steps in an epoch, 0 for none.
	StepsPerEpoch int
	// Names are the names of the tasks, [T], which the state of the method follows; nil means "task0", "task1", ....
	Names []string
}

// Combination is what a weighting does in a step.
type Combination struct {
	// Weights are the task weights, [T].
	Weights *graph.Node
	// Direction is the combined gradient: Jᵀ·Weights, [d], unless the method sets another.
	Direction *graph.Node
	// Heads are the factors of the gradients that the heads get, [T].
	Heads *graph.Node
	// Penalty is what the method adds to the objective, a scalar, or nil.
	Penalty *graph.Node
	// Reports are the scalars that the method gave to Step.Report, by name.
	Reports map[string]*graph.Node
}

// Combine runs w on the step, with its state under scope /mtl of the store. A method that evaluates the model at other parameters panics with
// ErrNeedsModel.
func (m MatrixStep) Combine(store *model.Store, w Weighting) Combination {
	config := configure(w)
	s := m.step(store)
	weights := config.weights(s)
	heads := config.headFactors(s, weights)
	var direction *graph.Node
	if s.direction != nil {
		direction = s.direction[0]
	} else {
		direction = s.Combine(weights)[0]
	}
	if s.after != nil {
		after := m
		if m.LossesAfter != nil {
			after.Losses = m.LossesAfter
		}
		s.after(after.step(store))
	}
	return Combination{Weights: weights, Direction: direction, Heads: heads, Penalty: s.penalty, Reports: s.reports}
}

func (m MatrixStep) step(store *model.Store) *Step {
	g := m.Jacobian.Graph()
	if m.Jacobian.Rank() != 2 {
		panicf("the Jacobian is shaped %s; wanted [tasks, parameters]", m.Jacobian.Shape())
	}
	count, dtype := m.Jacobian.Shape().Dimensions[0], m.Jacobian.DType()
	ones := graph.ConstAsDType(g, dtype, repeat(1, count))
	s := &Step{
		Scope:         store.Scope("/" + stateScope),
		Losses:        m.Losses,
		Active:        m.Active,
		StepsPerEpoch: m.StepsPerEpoch,
	}
	for i := range count {
		s.Names = append(s.Names, fmt.Sprintf("task%d", i))
	}
	if m.Names != nil {
		s.Names = m.Names
	}
	if s.Losses == nil {
		s.Losses = ones
	}
	s.source = matrix{m.Jacobian, s.Losses}
	if s.Active == nil {
		s.Active = ones
	}
	if len(s.Names) != count {
		panicf("the names are %q for a Jacobian of %d rows; wanted one each", s.Names, count)
	}
	for what, vector := range map[string]*graph.Node{"losses": s.Losses, "active tasks": s.Active} {
		if vector.Rank() != 1 || vector.Shape().Dimensions[0] != count {
			panicf("the %s are shaped %s for a Jacobian of %d rows; wanted [%d]", what, vector.Shape(), count, count)
		}
	}
	s.evaluate = func(i, _ int, values map[*model.Variable]*graph.Node) *Step {
		if values != nil {
			panic(ErrNeedsModel)
		}
		part := m
		if m.Parts != nil {
			if i >= len(m.Parts) {
				panicf("the method needs part %d of the batch; there are %d", i, len(m.Parts))
			}
			part.Jacobian = m.Parts[i]
		}
		return part.step(store)
	}
	return s
}

// matrix is a Jacobian [T, d] of losses [T].
type matrix struct{ jacobian, losses *graph.Node }

func (m matrix) values() *graph.Node { return m.losses }

func (m matrix) gradients() [][]*graph.Node {
	rows := make([][]*graph.Node, m.jacobian.Shape().Dimensions[0])
	for t := range rows {
		rows[t] = []*graph.Node{graph.Reshape(graph.SliceAxis(m.jacobian, 0, graph.AxisElem(t)), -1)}
	}
	return rows
}

func (m matrix) gramian() *graph.Node { return graph.Einsum("id,jd->ij", m.jacobian, m.jacobian) }

func (m matrix) combine(weights, usable *graph.Node) []*graph.Node {
	rows := graph.Where(usable, m.jacobian, graph.ZerosLike(m.jacobian))
	return []*graph.Node{graph.Einsum("t,td->d", graph.ConvertDType(weights, rows.DType()), rows)}
}

func repeat(value float64, count int) []float64 {
	values := make([]float64, count)
	for i := range values {
		values[i] = value
	}
	return values
}
