package mtl

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomtl/gomtl/mtl/metric"
)

// Kind says what sort of labels a task has; plots and tables choose their form by it.
type Kind string

// The kinds that have a constructor here.
const (
	KindClassification Kind = "classification"
	KindBinary         Kind = "binary"
	KindMultiLabel     Kind = "multi-label"
	KindRegression     Kind = "regression"
	KindSegmentation   Kind = "segmentation"
	// KindPixelRegression is a real number per pixel.
	KindPixelRegression Kind = "pixel-regression"
)

// Head builds a task's predictions from its representation, shaped as the task's loss takes them.
type Head interface {
	Predict(scope *model.Scope, features *graph.Node) *graph.Node
}

// HeadFunc makes a Head of a function.
type HeadFunc func(scope *model.Scope, features *graph.Node) *graph.Node

// Predict calls the function.
func (f HeadFunc) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	return f(scope, features)
}

// Task is one objective: a head on the representation, a loss on its predictions, and the metrics it is judged by. The
// constructors (Classification, Binary, MultiLabel, Regression, Segmentation, PixelRegression) fill every field; all may be replaced.
type Task struct {
	// Name is unique in a model; it names the task's variables (scope "task/<name>"), labels, curves and errors.
	Name string
	Kind Kind
	Head Head
	// Loss is the mean over the labelled entries, a scalar. labels is {y} when all entries are labelled, else {y, mask} with a
	// boolean mask shaped like y; masked-out entries of y are safe values (0), never NaN. At least one entry is labelled.
	Loss loss.LossFn
	// Metrics are computed by evaluation, over the whole set. The first is the one that comparisons go by.
	Metrics []metric.Metric
	// Classes names the classes, by index; may be empty.
	Classes []string
	// IgnoreLabel, when not nil, is the integer label that means "unlabelled".
	IgnoreLabel *int32
	// CheckLabels rejects labels that the loss cannot take. labels is [examples, ...]; mask is nil or as in Split.Masks. May be nil.
	CheckLabels func(t *Task, labels, mask *tensors.Tensor) error
}

// TaskOption changes a field of a task under construction.
type TaskOption func(*Task)

// WithHead replaces the task's head.
func WithHead(head Head) TaskOption { return func(t *Task) { t.Head = head } }

// WithMetrics replaces the task's metrics.
func WithMetrics(metrics ...metric.Metric) TaskOption { return func(t *Task) { t.Metrics = metrics } }

// WithLoss replaces the task's loss.
func WithLoss(fn loss.LossFn) TaskOption { return func(t *Task) { t.Loss = fn } }

// WithClasses names the classes.
func WithClasses(names ...string) TaskOption { return func(t *Task) { t.Classes = names } }

// WithIgnoreLabel marks an integer label as "unlabelled": its entries count in neither loss nor metrics.
func WithIgnoreLabel(label int32) TaskOption { return func(t *Task) { t.IgnoreLabel = &label } }

func newTask(t Task, options []TaskOption) Task {
	for _, option := range options {
		option(&t)
	}
	return t
}

// mask returns the boolean mask of labelled entries, shaped like labels, or nil when every entry is labelled.
// given is nil, [batch], or shaped like labels.
func (t *Task) mask(labels, given *graph.Node) *graph.Node {
	var mask *graph.Node
	if given != nil {
		mask = broadcastMask(t.Name, given, labels)
	}
	if t.IgnoreLabel != nil {
		known := graph.NotEqual(labels, graph.Const(labels.Graph(), *t.IgnoreLabel))
		if mask == nil {
			return known
		}
		mask = graph.LogicalAnd(mask, known)
	}
	return mask
}

func broadcastMask(task string, mask, labels *graph.Node) *graph.Node {
	if mask.Rank() > labels.Rank() || !slices.Equal(mask.Shape().Dimensions, labels.Shape().Dimensions[:mask.Rank()]) {
		panicf("task %q: the mask is shaped %s; wanted [batch] or the shape of the labels, %s", task, mask.Shape(), labels.Shape())
	}
	for mask.Rank() < labels.Rank() {
		mask = graph.InsertAxes(mask, -1)
	}
	return graph.BroadcastToDims(mask, labels.Shape().Dimensions...)
}

// lossOf returns the task's mean loss over the labelled entries and 1 when there is any, both float32 scalars; a batch without a
// label gives a loss of 0 without gradient. mask is nil or boolean, shaped like labels.
func (t *Task) lossOf(labels, mask, predictions *graph.Node) (value, active *graph.Node) {
	g := predictions.Graph()
	if mask == nil {
		value = t.Loss([]*graph.Node{labels}, []*graph.Node{predictions})
		t.checkScalar(value)
		return value, graph.ScalarOne(g, value.DType())
	}
	anyLabel := graph.LogicalAny(mask)
	safe := graph.Where(mask, labels, graph.ZerosLike(labels))
	// Without any label the mean would be 0/0: take it over all (safe) entries and multiply by 0.
	mask = graph.LogicalOr(mask, graph.BroadcastToDims(graph.LogicalNot(anyLabel), mask.Shape().Dimensions...))
	value = t.Loss([]*graph.Node{safe, mask}, []*graph.Node{predictions})
	t.checkScalar(value)
	active = graph.ConvertDType(anyLabel, value.DType())
	return graph.Mul(value, active), active
}

func (t *Task) checkScalar(value *graph.Node) {
	if value == nil || !value.IsScalar() {
		panicf("task %q: its loss returned %v; wanted a scalar, the mean over the labelled entries", t.Name, value)
	}
}

// check reports a task that cannot be trained.
func (t *Task) check() error {
	switch {
	case t.Name == "":
		return fmt.Errorf("mtl: a task has no name: give each task a name that is unique in the model")
	case t.Head == nil:
		return fmt.Errorf("mtl: task %q has no head: set Task.Head, or use a constructor such as mtl.Classification", t.Name)
	case t.Loss == nil:
		return fmt.Errorf("mtl: task %q has a head but no loss: set Task.Loss, or use a constructor such as mtl.Classification", t.Name)
	}
	return nil
}
