package weighting_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
)

// toy is a model whose training can be followed by hand: one shared parameter θ, and for each task t the prediction θ·a_t·x.
const (
	theta0       = 0.5
	learningRate = 0.05
)

var (
	factors = []float64{1, -2, 0.5}
	names   = []string{"one", "two", "three"}
)

// batch is one step's data: x [4], and for each task the labels y [4] and the mask.
type batch struct {
	x     []float32
	y     [][]float32
	known [][]bool
}

// batches differ in every step; where masked, task "two" goes without any label for six steps and partly in others.
func batches(count int, masked bool) []batch {
	wave := func(i int) float32 { return float32(math.Sin(1.7 * float64(i))) }
	out := make([]batch, count)
	for s := range out {
		out[s] = batch{y: make([][]float32, len(factors)), known: make([][]bool, len(factors))}
		for i := range 4 {
			out[s].x = append(out[s].x, 1+wave(s*4+i))
			for t := range factors {
				out[s].y[t] = append(out[s].y[t], wave(s*31+t*7+i)+float32(t))
				out[s].known[t] = append(out[s].known[t], !masked || t != 1 || (s%9 < 3 && i%2 == s%2))
			}
		}
	}
	return out
}

// loss returns task t's mean squared error over the labelled entries, its derivative in θ, and whether there is any label.
func (b *batch) loss(t int, theta float64) (value, slope float64, active bool) {
	n := 0.0
	for i, x := range b.x {
		if !b.known[t][i] {
			continue
		}
		ax := factors[t] * float64(x)
		r := float64(b.y[t][i]) - theta*ax
		n, value, slope = n+1, value+r*r, slope-2*r*ax
	}
	if n == 0 {
		return 0, 0, false
	}
	return value / n, slope / n, true
}

// method is the independent form of a weighting: given the losses it returns the weights, then it learns from the step.
type method interface {
	weights(losses []float64, active []bool) []float64
}

// learner is a method that looks at the losses of the same batch after the update, too.
type learner interface {
	after(losses []float64, active []bool)
}

// byHand returns θ after each step of gradient descent.
func byHand(m method, steps []batch) []float64 {
	theta, path := theta0, []float64{}
	for _, b := range steps {
		losses, slopes, active := make([]float64, len(factors)), make([]float64, len(factors)), make([]bool, len(factors))
		for t := range factors {
			losses[t], slopes[t], active[t] = b.loss(t, theta)
		}
		for t, w := range m.weights(losses, active) {
			theta -= learningRate * w * slopes[t]
		}
		if l, ok := m.(learner); ok {
			for t := range factors {
				losses[t], _, _ = b.loss(t, theta)
			}
			l.after(losses, active)
		}
		path = append(path, theta)
	}
	return path
}

// trained returns θ after each step of a stock GoMLX trainer, and the store.
func trained(t *testing.T, backend compute.Backend, w mtl.Weighting, steps []batch) ([]float64, *model.Store) {
	t.Helper()
	m := toyModel()
	store := model.NewStore()
	sgd := optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(learningRate).Done()
	trainer := train.NewTrainer(backend, store, m.Graph, m.Loss, mtl.Optimizer(w, sgd), nil, nil)
	var path []float64
	for _, b := range steps {
		data := train.Batch{Inputs: []*tensors.Tensor{tensors.FromValue(b.x)}}
		for task := range factors {
			data.Labels = append(data.Labels, tensors.FromValue(b.y[task]), tensors.FromValue(b.known[task]))
		}
		if _, err := trainer.TrainStep(data); err != nil {
			t.Fatal(err)
		}
		path = append(path, values(t, store, "/shared/theta")[0])
	}
	return path, store
}

func toyModel() *mtl.Model {
	m := &mtl.Model{Arch: toyArchitecture{}}
	for t, name := range names {
		a := factors[t]
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1, mtl.WithHead(mtl.HeadFunc(func(_ *model.Scope, features *graph.Node) *graph.Node {
			return graph.MulScalar(features, a)
		}))))
	}
	return m
}

type toyArchitecture struct{}

func (toyArchitecture) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	theta := scope.At(mtl.SharedScope).VariableWithValue("theta", float32(theta0)).NodeValue(inputs[0].Graph())
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = graph.Mul(theta, inputs[0])
	}
	return features
}

func values(t *testing.T, store *model.Store, path string) []float64 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	flat, err := tensors.CopyFlatData[float32](v.MustValue())
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(flat))
	for i, x := range flat {
		out[i] = float64(x)
	}
	return out
}

// compare fails where float32 training leaves the path computed by hand in float64.
func compare(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values; wanted %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-4*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: value %d is %v; wanted %v", what, i, got[i], want[i])
		}
	}
}

func wantPanic(t *testing.T, backend compute.Backend, w mtl.Weighting, parts ...string) {
	t.Helper()
	m := toyModel()
	trainer := train.NewTrainer(backend, model.NewStore(), m.Graph, m.Loss, mtl.Optimizer(w, optimizer.Adam().Done()), nil, nil)
	b := batches(1, false)[0]
	data := train.Batch{Inputs: []*tensors.Tensor{tensors.FromValue(b.x)}}
	for task := range factors {
		data.Labels = append(data.Labels, tensors.FromValue(b.y[task]))
	}
	_, err := trainer.TrainStep(data)
	if err == nil {
		t.Fatalf("no error; wanted one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}
