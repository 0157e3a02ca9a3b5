package arch_test

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
	"github.com/gomtl/gomtl/mtl/arch"
)

// wave is a fixed input of any shape without symmetries.
func wave(dims ...int) *tensors.Tensor {
	size := 1
	for _, d := range dims {
		size *= d
	}
	flat := make([]float32, size)
	for i := range flat {
		flat[i] = float32(math.Sin(1.3*float64(i)) + 0.1*math.Cos(0.7*float64(i)))
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

func seeded(seed int64) *model.Store {
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, seed)
	return store
}

// represent runs the trunk once.
func represent(t *testing.T, backend compute.Backend, store *model.Store, trunk arch.Trunk, training bool, inputs ...*tensors.Tensor) *tensors.Tensor {
	t.Helper()
	outputs, err := execute(backend, store, inputs, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		store.SetTraining(nodes[0].Graph(), training)
		return []*graph.Node{trunk.Represent(scope, nodes)}
	})
	check(t, err)
	return outputs[0]
}

func execute(backend compute.Backend, store *model.Store, inputs []*tensors.Tensor, build func(*model.Scope, []*graph.Node) []*graph.Node) ([]*tensors.Tensor, error) {
	exec, err := model.NewExec(backend, store, build)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	arguments := make([]any, len(inputs))
	for i, x := range inputs {
		// A tensor belongs to the backend that first used it.
		if arguments[i], err = x.LocalClone(); err != nil {
			return nil, err
		}
	}
	return exec.Call(arguments...)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func numbers(t *testing.T, from *tensors.Tensor) []float64 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](from)
	check(t, err)
	out := make([]float64, len(flat))
	for i, v := range flat {
		out[i] = float64(v)
	}
	return out
}

// near fails where values differ by more than float32 arithmetic explains.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values; wanted %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 2e-5*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: value %d is %v; wanted %v", what, i, got[i], want[i])
		}
	}
}

func value(t *testing.T, store *model.Store, path string) []float64 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		var paths []string
		for v := range store.IterVariables() {
			paths = append(paths, v.Path())
		}
		t.Fatalf("there is no variable %s among %s", path, strings.Join(paths, " "))
	}
	return numbers(t, v.MustValue())
}

// partition fails unless every trainable variable of the model is shared or belongs to one of its tasks; it returns how many are
// shared and how many each task has.
func partition(t *testing.T, store *model.Store, m *mtl.Model) (shared int, own map[string]int) {
	t.Helper()
	own = map[string]int{}
	for v := range store.IterVariables() {
		if !v.Trainable {
			continue
		}
		parts := strings.Split(v.Path(), "/")
		switch {
		case parts[1] == mtl.SharedScope:
			shared++
		case parts[1] == mtl.TaskScope && len(parts) > 2:
			if _, err := m.Task(parts[2]); err != nil {
				t.Errorf("variable %s: %v", v.Path(), err)
			}
			own[parts[2]]++
		default:
			t.Errorf("variable %s is neither shared nor a task's", v.Path())
		}
	}
	return shared, own
}

// gradients returns the sum of the absolute values of the total loss's gradient on each trainable variable.
func gradients(t *testing.T, backend compute.Backend, store *model.Store, m *mtl.Model, inputs, labels []*tensors.Tensor) map[string]float64 {
	t.Helper()
	var paths []string
	outputs, err := execute(backend, store, append(append([]*tensors.Tensor{}, inputs...), labels...), func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		store.SetTraining(nodes[0].Graph(), true)
		paths = nil
		loss := m.Loss(nodes[len(inputs):], m.Graph(scope, nil, nodes[:len(inputs)]))
		for v := range store.IterVariables() {
			if v.Trainable && v.InUseByGraph(loss.Graph()) {
				paths = append(paths, v.Path())
			}
		}
		sums := scope.BuildTrainableVariablesGradientsGraph(loss)
		for i, d := range sums {
			sums[i] = graph.ReduceAllSum(graph.Abs(d))
		}
		return sums
	})
	check(t, err)
	out := map[string]float64{}
	for i, path := range paths {
		out[path] = numbers(t, outputs[i])[0]
	}
	return out
}

// steps trains with a stock GoMLX trainer and returns the loss of each step.
func steps(t *testing.T, backend compute.Backend, store *model.Store, m *mtl.Model, count int, inputs, labels []*tensors.Tensor) []float64 {
	t.Helper()
	trainer := train.NewTrainer(backend, store, m.Graph, m.Loss, mtl.Optimizer(nil, optimizer.Adam().LearningRate(0.01).Done()), nil, nil)
	var losses []float64
	for range count {
		batch, err := train.Batch{Inputs: inputs, Labels: labels}.Clone()
		check(t, err)
		metrics, err := trainer.TrainStep(batch)
		check(t, err)
		losses = append(losses, numbers(t, metrics[0])[0])
	}
	return losses
}

// wantPanic fails unless building the trunk fails with every part in the message.
func wantPanic(t *testing.T, backend compute.Backend, trunk arch.Trunk, inputs []*tensors.Tensor, parts ...string) {
	t.Helper()
	_, err := execute(backend, model.NewStore(), inputs, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		return []*graph.Node{trunk.Represent(scope, nodes)}
	})
	if err == nil {
		t.Fatalf("no error; wanted one with %q", parts)
	}
	for _, part := range append(parts, "mtl: ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}
