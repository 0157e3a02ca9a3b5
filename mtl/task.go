package mtl

import (
	"fmt"

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
	// boolean mask shaped like y. Masked-out entries of y, and their predictions, are those of a labelled entry. At least one entry is labelled.
	Loss loss.LossFn
	// Metrics are computed by evaluation, over the whole set. The first is the one that comparisons go by.
	Metrics []metric.Metric
	// Classes names the classes, by index; may be empty.
	Classes []string
	// IgnoreLabel, when not nil, is the label that means "unlabelled", for labels of any type.
	IgnoreLabel *int32
	// CheckLabels rejects labels that the loss cannot take. labels is [examples, ...]; mask is nil or as in Split.Masks. May be nil.
	CheckLabels func(t *Task, labels, mask *tensors.Tensor) error

	classes int // that the kind's constructor was asked for, 0 for none
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

// WithIgnoreLabel marks a label as "unlabelled", such as 255 or -1: its entries count in neither loss nor metrics.
func WithIgnoreLabel(label int32) TaskOption { return func(t *Task) { t.IgnoreLabel = &label } }

func newTask(t Task, options []TaskOption) Task {
	for _, option := range options {
		option(&t)
	}
	return t
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
	case t.classes > 0 && len(t.Classes) > 0 && len(t.Classes) != t.classes:
		return fmt.Errorf("mtl: task %q has %d classes and names %d of them, %q: WithClasses wants a name for each, or none", t.Name, t.classes, len(t.Classes), t.Classes)
	}
	seen := map[string]bool{}
	for _, m := range t.Metrics {
		if m == nil || seen[m.Name()] {
			return fmt.Errorf("mtl: the metrics of task %q are %v: wanted metrics of different names, none nil", t.Name, t.Metrics)
		}
		seen[m.Name()] = true
	}
	return nil
}
