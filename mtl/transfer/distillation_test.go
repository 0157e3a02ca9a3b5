package transfer_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// Losses and gradients are PyTorch's (testdata/distillation.py), with some labels unknown.
func TestDistillationLoss(t *testing.T) {
	var fixture struct {
		Weight, Temperature float64
		Cases               []struct {
			Kind       string
			Hard       []float32
			Mask       []bool
			Teacher, Z []float32
			Shape      []int
			Loss       float64
			Gradient   []float64
		}
	}
	data, err := os.ReadFile("testdata/distillation.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &fixture); err != nil {
		t.Fatal(err)
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, c := range fixture.Cases {
			task := map[string]mtl.Task{"classification": mtl.Classification("x", 3), "multi-label": mtl.MultiLabel("x", 2), "regression": mtl.Regression("x", 2)}[c.Kind]
			student, err := transfer.Distillation{Weight: fixture.Weight, Temperature: fixture.Temperature}.Task(task)
			if err != nil {
				t.Fatal(err)
			}
			n := c.Shape[0]
			split := &mtl.Split{
				Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(c.Teacher, c.Shape...)},
				Masks:  map[string]*tensors.Tensor{"x": tensors.FromFlatDataAndDimensions(c.Mask, n)},
			}
			if c.Kind == "classification" {
				hard := make([]int32, n)
				for i, y := range c.Hard {
					hard[i] = int32(y)
				}
				split.Labels = map[string]*tensors.Tensor{"x": tensors.FromFlatDataAndDimensions(hard, n)}
			} else {
				split.Labels = map[string]*tensors.Tensor{"x": tensors.FromFlatDataAndDimensions(c.Hard, c.Shape...)}
			}
			taught, err := transfer.Teach(context.Background(), b, split, transfer.Teacher{Model: saying(task), Store: model.NewStore()})
			if err != nil {
				t.Fatal(err)
			}
			exec, err := graph.NewExec(b, func(z, y, mask *graph.Node) []*graph.Node {
				loss := student.Loss([]*graph.Node{y, mask}, []*graph.Node{z})
				return append(graph.Gradient(loss, z), loss)
			})
			if err != nil {
				t.Fatal(err)
			}
			outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(c.Z, c.Shape...), taught.Labels["x"], taught.Masks["x"])
			if err != nil {
				t.Fatalf("%s: %v", c.Kind, err)
			}
			near(t, c.Kind+" loss", float64(tensors.ToScalar[float32](outputs[1])), c.Loss, 2e-6)
			for i, d := range tensors.MustCopyFlatData[float32](outputs[0]) {
				near(t, c.Kind+" gradient", float64(d), c.Gradient[i], 2e-6)
			}
		}
	})
}

// saying is a model whose predictions are its inputs.
func saying(task mtl.Task) *mtl.Model {
	task.Head = mtl.HeadFunc(func(_ *model.Scope, x *graph.Node) *graph.Node { return x })
	return &mtl.Model{Arch: echo{}, Tasks: []mtl.Task{task}}
}

type echo struct{}

func (echo) Features(_ *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	return []*graph.Node{inputs[0]}
}

// Two single-task teachers make a multi-task student of examples without any label; metrics and losses are of the known labels.
func TestTeach(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		ctx := context.Background()
		train, unlabelled, test := points(400, 1), points(300, 2), points(300, 3)
		var teachers []transfer.Teacher
		for _, task := range []mtl.Task{sign, sum} {
			store := model.NewStore()
			fit(t, b, store, plain(task), only(train, task.Name), mtl.FitOptions{Steps: 300, LearningRate: 1e-2})
			teachers = append(teachers, transfer.Teacher{Model: plain(task), Store: store})
		}
		taught, err := transfer.Teach(ctx, b, &mtl.Split{Inputs: unlabelled.Inputs}, teachers...)
		if err != nil {
			t.Fatal(err)
		}
		student := &mtl.Model{Arch: plain().Arch}
		for _, task := range []mtl.Task{sign, sum} {
			d, err := transfer.Distillation{Anneal: 400}.Task(task)
			if err != nil {
				t.Fatal(err)
			}
			student.Tasks = append(student.Tasks, d)
		}
		store := model.NewStore()
		fit(t, b, store, student, taught, mtl.FitOptions{Steps: 300, LearningRate: 1e-2})
		if steps := store.GetVariable("/transfer/distillation/sign/steps").MustValue().Value(); steps != int32(300) {
			t.Errorf("%v steps were counted; wanted 300", steps)
		}
		got, err := mtl.Evaluate(ctx, b, store, plain(sign, sum), only(test, "sign", "sum")) // the plain tasks on the same store
		if err != nil {
			t.Fatal(err)
		}
		if a := got.Metric["sign"]["accuracy"]; a < 0.8 {
			t.Errorf("accuracy of the student %v", a)
		}
		if r := got.Metric["sum"]["R2"]; r < 0.9 {
			t.Errorf("R2 of the student %v", r)
		}
		// The metrics of the student's own tasks are those of the labels.
		packed, err := transfer.Teach(ctx, b, only(test, "sign", "sum"), teachers...)
		if err != nil {
			t.Fatal(err)
		}
		own, err := mtl.Evaluate(ctx, b, store, student, packed)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range []string{"sign", "sum"} {
			for name, want := range got.Metric[task] {
				near(t, task+" "+name, own.Metric[task][name], want, 1e-6)
			}
		}
		_, err = transfer.Teach(ctx, b, test, teachers[0], teachers[0])
		wantError(t, err, "two teachers know task")
		_, err = mtl.Fit(ctx, student, mtl.Data{Train: only(train, "sign", "sum")}, mtl.FitOptions{Backend: b, Steps: 1, Log: quiet})
		wantError(t, err, "as Teach packs them")
		_, err = transfer.Distillation{Weight: 2}.Task(sign)
		wantError(t, err, "Weight above 0")
	})
}
