package mtl

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// twoLayers is a trunk of two layers, tanh(tanh(x·u)·v), 3 → 4 → 2.
type twoLayers struct{}

func (twoLayers) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	wave := func(rows, columns int, phase float64) [][]float32 {
		w := make([][]float32, rows)
		for i := range w {
			for j := range columns {
				w[i] = append(w[i], float32(math.Sin(phase+float64(3*i+5*j))))
			}
		}
		return w
	}
	g := inputs[0].Graph()
	shared := scope.At(SharedScope)
	h := graph.Tanh(graph.Dot(inputs[0], shared.At("first").VariableWithValue("w", wave(3, 4, 1)).NodeValue(g)).Product())
	h = graph.Tanh(graph.Dot(h, shared.At("second").VariableWithValue("w", wave(4, 2, 2)).NodeValue(g)).Product())
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = h
	}
	return features
}

func waveModel() *Model {
	head := func(scale float64) TaskOption {
		return WithHead(HeadFunc(func(scope *model.Scope, h *graph.Node) *graph.Node {
			w := scope.VariableWithValue("w", []float32{float32(scale), float32(-scale / 2)}).NodeValue(h.Graph())
			return graph.ReduceSum(graph.Mul(h, graph.InsertAxes(w, 0)), -1)
		}))
	}
	return &Model{Arch: twoLayers{}, Tasks: []Task{Regression("a", 1, head(1)), Regression("b", 1, head(-2)), Regression("c", 1, head(0.5))}}
}

func waveBatch() train.Batch {
	wave := func(n int, phase float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(math.Sin(phase + 1.7*float64(i)))
		}
		return x
	}
	batch := train.Batch{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(wave(24, 0), 8, 3)}}
	for t := range 3 {
		batch.Labels = append(batch.Labels, tensors.FromFlatDataAndDimensions(wave(8, float64(t)), 8))
	}
	return batch
}

// takeSteps returns every float variable after some steps of gradient descent with a stock trainer.
func takeSteps(t *testing.T, b compute.Backend, m *Model, w Weighting, steps int) map[string][]float32 {
	t.Helper()
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	sgd := optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(0.1).Done()
	trainer := train.NewTrainer(b, store, m.Graph, m.Loss, Optimizer(w, sgd), nil, nil)
	for range steps {
		if _, err := trainer.TrainStep(waveBatch()); err != nil {
			t.Fatal(err)
		}
	}
	return floats(t, store)
}

func floats(t *testing.T, store *model.Store) map[string][]float32 {
	t.Helper()
	values := map[string][]float32{}
	for v := range store.IterVariables() {
		if v.DType().IsFloat() {
			flat, err := tensors.CopyFlatData[float32](v.MustValue())
			if err != nil {
				t.Fatal(err)
			}
			values[v.Path()] = flat
		}
	}
	return values
}

func wantClose(t *testing.T, what string, got, want map[string][]float32, only string) {
	t.Helper()
	count := 0
	for path, values := range want {
		if !strings.HasPrefix(path, only) {
			continue
		}
		count++
		for i, x := range values {
			if i >= len(got[path]) || !(math.Abs(float64(got[path][i]-x)) <= 2e-6) {
				t.Errorf("%s: %s is %v, want %v", what, path, got[path], values)
				break
			}
		}
	}
	if count == 0 {
		t.Errorf("%s: there is no variable under %s", what, only)
	}
}

// weighs is a gradient method with given weights.
type weighs []float64

func (w weighs) Weights(s *Step) *graph.Node {
	s.Gramian()
	return graph.ConstAsDType(s.Graph(), s.Losses.DType(), []float64(w))
}

// directs is weighs by way of SetDirection; its weights for the heads are 1.
type directs []float64

func (d directs) Weights(s *Step) *graph.Node {
	s.SetDirection(Combine(graph.ConstAsDType(s.Graph(), s.Losses.DType(), []float64(d)), s.SharedGradients()))
	return graph.OnesLike(s.Losses)
}

type constantWeights []float64

func (c constantWeights) Weights(s *Step) *graph.Node {
	return graph.ConstAsDType(s.Graph(), s.Losses.DType(), []float64(c))
}

// Wherever the gradients are taken, and whatever is kept in memory, given weights give the step of the weighted sum of losses.
func TestGradientTargets(t *testing.T) {
	w := []float64{0.5, 2, 3}
	targets := []Target{nil, SharedParameters{}, Representation{}, LastSharedLayer{}, Under{Path: "shared/first"}, PerLayer{}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		want := takeSteps(t, b, waveModel(), constantWeights(w), 3)
		equal := takeSteps(t, b, waveModel(), nil, 1)
		for _, target := range targets {
			name := "default"
			if target != nil {
				name = target.String()
			}
			for _, memory := range []Memory{StoreGradients, GramianFirst} {
				wantClose(t, name, takeSteps(t, b, waveModel(), Gradients{Method: weighs(w), Target: target, Memory: memory}, 3), want, "/shared")
				wantClose(t, name, takeSteps(t, b, waveModel(), Gradients{Method: weighs(w), Target: target, Memory: memory}, 3), want, "/task")
			}
			raw := takeSteps(t, b, waveModel(), Gradients{Method: weighs(w), Target: target, Heads: RawHeads}, 1)
			one := takeSteps(t, b, waveModel(), constantWeights(w), 1)
			wantClose(t, name+", raw heads", raw, one, "/shared")
			wantClose(t, name+", raw heads", raw, equal, "/task")
			if _, part := target.(Under); part || target == (LastSharedLayer{}) {
				continue
			}
			direct := takeSteps(t, b, waveModel(), Gradients{Method: directs(w), Target: target}, 1)
			wantClose(t, name+", direction", direct, one, "/shared")
			wantClose(t, name+", direction", direct, equal, "/task")
		}
		raw := takeSteps(t, b, waveModel(), Gradients{Method: constantWeights(w), Heads: RawHeads}, 1)
		wantClose(t, "loss weighting, raw heads", raw, takeSteps(t, b, waveModel(), constantWeights(w), 1), "/shared")
		wantClose(t, "loss weighting, raw heads", raw, equal, "/task")
	})
}

// The part of the trunk that LastSharedLayer takes is the second layer.
func TestLastSharedLayer(t *testing.T) {
	m := waveModel()
	seen := 0
	record := weightingFunc(func(s *Step) *graph.Node {
		seen = s.SharedGradients()[0][0].Shape().Size()
		return s.Losses
	})
	takeSteps(t, backendtest.Go(t), m, Gradients{Method: record, Target: LastSharedLayer{}}, 1)
	if seen != 8 {
		t.Errorf("the last shared layer has %d parameters, want 4·2", seen)
	}
}

// A part of the trunk that is not there is an error that lists what is.
func TestUnknownPart(t *testing.T) {
	m := waveModel()
	w := Gradients{Method: weighs{1, 1, 1}, Target: Under{Path: "shared/third"}}
	trainer := train.NewTrainer(backendtest.Go(t), model.NewStore(), m.Graph, m.Loss, Optimizer(w, optimizer.Adam().Done()), nil, nil)
	_, err := trainer.TrainStep(waveBatch())
	if err == nil || !strings.Contains(err.Error(), "shared/third") || !strings.Contains(err.Error(), "/shared/second/w") {
		t.Errorf("error %v", err)
	}
}

type weightingFunc func(s *Step) *graph.Node

func (f weightingFunc) Weights(s *Step) *graph.Node { return f(s) }

// A step evaluated on a part of the batch, or after the update, has the losses of a model trained on just that.
func TestEvaluate(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store := model.NewStore()
		keep := func(s *Step, name string, losses *graph.Node) {
			s.Scope.VariableWithValue(name, make([]float32, 3)).SetTrainable(false).SetNodeValue(losses)
		}
		w := weightingFunc(func(s *Step) *graph.Node {
			keep(s, "first", s.Batch(0, 2).Losses)
			keep(s, "second", s.Batch(1, 2).Losses)
			keep(s, "gramian", graph.ReduceSum(s.Batch(0, 1).Gramian(), -1))
			keep(s, "gramian_here", graph.ReduceSum(s.Gramian(), -1))
			keep(s, "cross", graph.ReduceSum(s.CrossGramian(s.Batch(0, 1)), -1))
			v := s.SharedVariables()[0]
			keep(s, "at_zero", s.Evaluate(0, 1, map[*model.Variable]*graph.Node{v: graph.ZerosLike(v.NodeValue(s.Graph()))}).Losses)
			s.AfterUpdate(func(after *Step) { keep(after, "after", after.Losses) })
			keep(s, "before", s.Losses)
			return graph.OnesLike(s.Losses)
		})
		m := waveModel()
		sgd := optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(0.1).Done()
		trainer := train.NewTrainer(b, store, m.Graph, m.Loss, Optimizer(w, sgd), nil, nil)
		var states []map[string][]float32
		for range 2 {
			if _, err := trainer.TrainStep(waveBatch()); err != nil {
				t.Fatal(err)
			}
			states = append(states, floats(t, store))
		}
		first, second := states[0], states[1]
		for task := range 3 {
			mean := (first["/mtl/first"][task] + first["/mtl/second"][task]) / 2
			if math.Abs(float64(mean-first["/mtl/before"][task])) > 1e-5 {
				t.Errorf("task %d: the halves' losses are %v on average, the batch's is %v", task, mean, first["/mtl/before"][task])
			}
			if math.Abs(float64(first["/mtl/after"][task]-second["/mtl/before"][task])) > 1e-5 {
				t.Errorf("task %d: the loss after step 1 is %v, before step 2 %v", task, first["/mtl/after"][task], second["/mtl/before"][task])
			}
			if first["/mtl/after"][task] == first["/mtl/before"][task] {
				t.Errorf("task %d: the loss did not move", task)
			}
			var square float64 // with the first layer at 0 every prediction is 0
			batch := waveBatch()
			labels, _ := tensors.CopyFlatData[float32](batch.Labels[task])
			for _, y := range labels {
				square += float64(y) * float64(y) / 8
			}
			if math.Abs(float64(first["/mtl/at_zero"][task])-square) > 1e-5 {
				t.Errorf("task %d: the loss with a first layer of zeros is %v, want %v", task, first["/mtl/at_zero"][task], square)
			}
			for _, name := range []string{"/mtl/gramian", "/mtl/cross"} {
				if math.Abs(float64(first[name][task]-first["/mtl/gramian_here"][task])) > 1e-4 {
					t.Errorf("task %d: row of %s sums to %v, want %v", task, name, first[name][task], first["/mtl/gramian_here"][task])
				}
			}
		}
	})
}

// A task whose gradient is not a number is left out: the others go on, its head stays as it is.
func TestNotANumberInOneTask(t *testing.T) {
	broken := func() *Model {
		m := waveModel()
		own := m.Tasks[1].Loss
		m.Tasks[1].Loss = func(labels, predictions []*graph.Node) *graph.Node {
			return graph.Add(own(labels, predictions), graph.ReduceAllMean(graph.Log(graph.Neg(graph.Square(predictions[0])))))
		}
		return m
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		want := takeSteps(t, b, waveModel(), constantWeights{1, 0, 1}, 2)
		got := takeSteps(t, b, broken(), weighs{1, 1, 1}, 2)
		wantClose(t, "shared", got, want, "/shared")
		wantClose(t, "heads", got, want, "/task")
	})
}

// A hyper-parameter changes between steps without another program, and stays until the method's field says something else.
func TestHyperparameters(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		built := 0
		method := func(scale float64) Weighting {
			return weightingFunc(func(s *Step) *graph.Node {
				built++
				return graph.Mul(s.Parameter("method/scale", scale), s.Parameters("method/preference", []float64{1, 0, 0}))
			})
		}
		m, store := waveModel(), model.NewStore()
		trainer := func(scale float64) *train.Trainer {
			sgd := optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(0.1).Done()
			return train.NewTrainer(b, store, m.Graph, m.Loss, Optimizer(method(scale), sgd), nil, nil)
		}
		step := func(trainer *train.Trainer) (moved bool) {
			before := floats(t, store)["/shared/first/w"]
			if _, err := trainer.TrainStep(waveBatch()); err != nil {
				t.Fatal(err)
			}
			return before != nil && before[0] != floats(t, store)["/shared/first/w"][0]
		}
		if err := SetHyperparameter(store, "method/scale", 0); err == nil || !strings.Contains(err.Error(), "method/scale") {
			t.Errorf("before the first step: error %v", err)
		}
		one := trainer(1)
		step(one)
		programs := built
		if !step(one) {
			t.Error("scale 1 moved nothing")
		}
		if err := SetHyperparameter(store, "method/scale", 0); err != nil {
			t.Fatal(err)
		}
		if step(one) {
			t.Error("scale 0 moved a parameter")
		}
		if built != programs {
			t.Errorf("the graph was built %d times more", built-programs)
		}
		if step(trainer(1)) {
			t.Error("a new program of the same method forgot that the scale was set to 0")
		}
		if !step(trainer(2)) {
			t.Error("a method with another scale kept the old one")
		}
		if got := Hyperparameters(store); len(got) != 2 || got[0] != "method/preference" || got[1] != "method/scale" {
			t.Errorf("hyper-parameters are %q", got)
		}
		for path, values := range map[string][]float64{"method/sacle": {1}, "method/preference": {1, 2}} {
			if err := SetHyperparameter(store, path, values...); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("setting %s to %v: error %v", path, values, err)
			}
		}
	})
}

// Fit's run header says what the heads get and where gradients are taken; many steps in a call give what single steps do.
func TestGradientsInFit(t *testing.T) {
	split := func() *Split {
		batch := waveBatch()
		return &Split{Inputs: batch.Inputs, Labels: map[string]*tensors.Tensor{"a": batch.Labels[0], "b": batch.Labels[1], "c": batch.Labels[2]}}
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		fit := func(stepsPerCall int) map[string][]float32 {
			store := model.NewStore()
			h, err := Fit(context.Background(), waveModel(), Data{Train: split()}, FitOptions{
				Backend: b, Store: store, Steps: 12, BatchSize: 4, StepsPerCall: stepsPerCall, Log: quiet,
				Weighting: Gradients{Method: weighs{1, 2, 3}, Target: PerLayer{}, Heads: RawHeads, Memory: GramianFirst},
			})
			if err != nil {
				t.Fatal(err)
			}
			want := "weighs[1 2 3] on each shared layer by itself (T backward passes), heads get their own gradient, unweighted, Gramian first"
			if h.Run.Weighting != want {
				t.Errorf("the run's weighting is %q, want %q", h.Run.Weighting, want)
			}
			return floats(t, store)
		}
		wantClose(t, "8 steps a call", fit(8), fit(1), "/")
	})
}
