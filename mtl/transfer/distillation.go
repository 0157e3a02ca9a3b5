package transfer

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/metric"
)

// Distillation trains a task on its labels and on what a teacher said (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015):
//
//	(1 − λ)·L(y, z)  +  λ·τ²·KL(softmax(z̃/τ) ‖ softmax(z/τ))
//
// with z the student's logits and z̃ the teacher's, the mean over examples or pixels. Binary tasks have the sigmoid in place of the softmax, and a regression the
// squared error to the teacher in place of τ²·KL. Where a label is unknown the teacher alone counts.
//
// λ is the hyper-parameter "task/NAME/distillation".
type Distillation struct {
	// Weight is λ; 0 means 0.5.
	Weight float64
	// Temperature is τ; 0 means 2.
	Temperature float64
	// Anneal lets λ fall linearly to 0 over that many steps; 0 keeps it. With Weight 1 and all steps of the run that is teacher annealing (Clark et al., "BAM! Born-Again
	// Multi-Task Networks for Natural Language Understanding", ACL 2019).
	Anneal int
}

// Task is the student's task: t, whose labels are those that Teach packs. Name, head and metrics stay, so a store trained with it serves t as well.
func (d Distillation) Task(t mtl.Task) (mtl.Task, error) {
	if d.Weight == 0 {
		d.Weight = 0.5
	}
	if d.Temperature == 0 {
		d.Temperature = 2
	}
	if !(d.Weight > 0 && d.Weight <= 1) || !(d.Temperature > 0) || d.Anneal < 0 {
		return t, fmt.Errorf("transfer: %+v is no distillation: wanted a Weight above 0, at most 1, a Temperature above 0 and an Anneal of 0 or more", d)
	}
	form, err := formOf(&t)
	if err != nil {
		return t, err
	}
	plain := t
	t.IgnoreLabel = nil // it became a mask when the labels were packed
	t.CheckLabels = form.check
	t.Loss = func(labels, predictions []*graph.Node) *graph.Node {
		return d.loss(&plain, form, labels, predictions[0])
	}
	t.Metrics = nil
	for _, inner := range plain.Metrics {
		t.Metrics = append(t.Metrics, onHard{inner, form})
	}
	return t, nil
}

func (d Distillation) loss(t *mtl.Task, form form, labels []*graph.Node, z *graph.Node) *graph.Node {
	var mask *graph.Node
	if len(labels) > 1 {
		mask = labels[1]
	}
	hard, soft := form.unpack(labels[0])
	var known, taught *graph.Node
	if mask != nil {
		known, taught = form.masks(mask)
	}
	teaching := &mtl.Task{Name: t.Name, Loss: func(labels, predictions []*graph.Node) *graph.Node {
		apart := form.divergence(labels[0], predictions[0], d.Temperature)
		if len(labels) < 2 {
			return mtl.MeanOver(apart, nil)
		}
		return mtl.MeanOver(apart, graph.Reshape(labels[1], apart.Shape().Dimensions...))
	}}
	weight := d.share(t.Name, z)
	one := graph.OnesLike(weight)
	return graph.Add(
		graph.Mul(graph.Sub(one, weight), first(t.LossOver(hard, known, z))),
		graph.Mul(weight, first(teaching.LossOver(soft, taught, z))))
}

func first(value, _ *graph.Node) *graph.Node { return value }

// share is λ in this step, a scalar.
func (d Distillation) share(task string, z *graph.Node) *graph.Node {
	g := z.Graph()
	store := model.GetStore(g)
	if store == nil {
		return graph.Scalar(g, z.DType(), d.Weight)
	}
	scope := mtl.ScopeOf(store.RootScope(), task)
	weight := mtl.LayerParameter(scope, g, z.DType(), "distillation", d.Weight)
	if d.Anneal == 0 || !scope.IsTraining(g) {
		return weight
	}
	own := store.Scope("/transfer").At("distillation").At("%s", mtl.ScopeName(task))
	steps := own.WithInitializer(initializer.Zero).VariableWithShape("steps", shapes.Make(dtypes.Int32)).SetTrainable(false)
	done := graph.ConvertDType(steps.NodeValue(g), z.DType())
	steps.SetNodeValue(graph.AddScalar(steps.NodeValue(g), 1))
	return graph.Mul(weight, graph.MaxScalar(graph.OneMinus(graph.DivScalar(done, float64(d.Anneal))), 0))
}

// onHard is a metric on the labels themselves.
type onHard struct {
	metric.Metric
	form form
}

// Sums implements metric.Metric.
func (m onHard) Sums(label, mask, prediction *graph.Node) *graph.Node {
	hard, _ := m.form.unpack(label)
	known, _ := m.form.masks(mask)
	return m.Metric.Sums(hard, known, prediction)
}
