package mtl

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Scopes of the parameter partition: the scope path of a variable says whether it is shared.
const (
	// SharedScope holds the variables that all tasks share.
	SharedScope = "shared"
	// TaskScope holds one scope per task, ScopeOf.
	TaskScope = "task"
	// stateScope holds the state and parameters of the weighting.
	stateScope = "mtl"
)

// Architecture maps the inputs to one representation per task. Variables under scope "shared" are shared, those under
// "task/<name>" belong to one task.
type Architecture interface {
	// Features returns len(tasks) nodes; the same node may serve several tasks.
	Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node
}

// Model is an architecture with its tasks. Its methods drop into a stock GoMLX trainer:
//
//	train.NewTrainer(backend, store, m.Graph, m.Loss, mtl.Optimizer(weighting, optimizer.Adam().Done()), nil, nil)
type Model struct {
	Arch  Architecture
	Tasks []Task
}

// TaskNames returns the names of the tasks, in order.
func (m *Model) TaskNames() []string {
	names := make([]string, len(m.Tasks))
	for i := range m.Tasks {
		names[i] = m.Tasks[i].Name
	}
	return names
}

// Task returns the task of that name; the error lists the names there are.
func (m *Model) Task(name string) (*Task, error) {
	for i := range m.Tasks {
		if m.Tasks[i].Name == name {
			return &m.Tasks[i], nil
		}
	}
	return nil, fmt.Errorf("mtl: there is no task %q: the model has %q", name, m.TaskNames())
}

// Graph is a train.ModelFn: it returns one prediction per task, in the order of Tasks.
func (m *Model) Graph(scope *model.Scope, _ any, inputs []*graph.Node) []*graph.Node {
	if len(inputs) > 0 {
		watchIDs(inputs)
	}
	inputs = precise(inputs)
	features := m.Arch.Features(scope, inputs, m.Tasks)
	if len(features) != len(m.Tasks) {
		panicf("architecture %T returned %d representations for %d tasks; wanted one per task", m.Arch, len(features), len(m.Tasks))
	}
	if len(inputs) > 0 {
		model.SetGraphParam(inputs[0].Graph(), forwardKey, &forward{scope: scope, inputs: inputs, features: features})
	}
	predictions := make([]*graph.Node, len(m.Tasks))
	for i := range m.Tasks {
		t := &m.Tasks[i]
		predictions[i] = t.Head.Predict(ScopeOf(scope, t.Name).At("head"), features[i])
	}
	return predictions
}

// precise gives inputs of 16 bits 32: so few are for storage and products, and a network of them does not train. arch.BFloat16 multiplies in 16 bits.
func precise(inputs []*graph.Node) []*graph.Node {
	wide := make([]*graph.Node, len(inputs))
	for i, x := range inputs {
		if wide[i] = x; x.DType().IsHalfPrecision() {
			wide[i] = graph.ConvertDType(x, dtypes.Float32)
		}
	}
	return wide
}

// Loss is a train.LossFn: it returns the sum of the task losses and keeps each for Optimizer. labels holds one node per task, or for
// each task its labels and its mask: {y1, mask1, y2, mask2, ...}.
func (m *Model) Loss(labels, predictions []*graph.Node) *graph.Node {
	count := len(m.Tasks)
	if len(labels) != count && len(labels) != 2*count {
		panicf("%d label tensors for %d tasks; wanted one per task, or labels and mask for each", len(labels), count)
	}
	withMasks := len(labels) == 2*count
	y, masks := make([]*graph.Node, count), make([]*graph.Node, count)
	for i := range m.Tasks {
		if withMasks {
			y[i], masks[i] = labels[2*i], labels[2*i+1]
		} else {
			y[i] = labels[i]
		}
	}
	losses := m.taskLosses(y, masks, predictions)
	losses.keep(predictions[0].Graph())
	return graph.ReduceAllSum(losses.values)
}

// forward is the latest pass of a model in a graph.
type forward struct {
	scope            *model.Scope
	inputs, features []*graph.Node
}

// taskLosses builds every task's loss; masks[i] may be nil.
func (m *Model) taskLosses(labels, masks, predictions []*graph.Node) *taskLosses {
	values, active := make([]*graph.Node, len(m.Tasks)), make([]*graph.Node, len(m.Tasks))
	for i := range m.Tasks {
		t := &m.Tasks[i]
		y, mask := t.aligned(labels[i], t.mask(labels[i], masks[i]), predictions[i])
		values[i], active[i] = t.LossOver(y, mask, predictions[i])
	}
	losses := &taskLosses{names: m.TaskNames(), scalars: values, values: graph.Stack(values, 0), active: graph.Stack(active, 0)}
	losses.derivative = wholePass{losses}
	if kept, found := model.GetGraphParam(predictions[0].Graph(), forwardKey); found {
		pass := kept.(*forward)
		losses.features = pass.features
		losses.again = func(i, n int) *taskLosses {
			predictions := m.Graph(pass.scope.ResetVisited(), nil, partOf(pass.inputs, i, n))
			return m.taskLosses(partOf(labels, i, n), partOf(masks, i, n), predictions)
		}
	}
	return losses
}

// partOf returns the i-th of n equal parts of each node's first axis, rounded down; nil stays nil.
func partOf(nodes []*graph.Node, i, n int) []*graph.Node {
	parts := make([]*graph.Node, len(nodes))
	for k, x := range nodes {
		if x == nil || n == 1 {
			parts[k] = x
			continue
		}
		size := x.Shape().Dimensions[0] / n
		if size == 0 {
			panicf("a batch of %d examples cannot be split in %d parts, which the weighting needs: use larger batches", x.Shape().Dimensions[0], n)
		}
		parts[k] = graph.SliceAxis(x, 0, graph.AxisRange(i*size, (i+1)*size))
	}
	return parts
}

// check reports a model that cannot be trained.
func (m *Model) check() error {
	if m == nil || m.Arch == nil {
		return fmt.Errorf("mtl: the model has no architecture: set Model.Arch, for example to arch.HardSharing{...}")
	}
	if len(m.Tasks) == 0 {
		return fmt.Errorf("mtl: the model has no tasks: add at least one to Model.Tasks")
	}
	for i := range m.Tasks {
		if err := m.Tasks[i].check(); err != nil {
			return err
		}
	}
	return checkNames(m.Tasks)
}
