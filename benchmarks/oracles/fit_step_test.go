package oracles_test

import (
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

var taskNames = []string{"kind", "amount", "flag"}

// stepCase is one run of fit_step.json; its docstring (fit_step.py) says what each field means.
type stepCase struct {
	Name, Optimizer, Weighting string
	LearningRate               float64   `json:"learning_rate"`
	TaskWeights                []float64 `json:"task_weights"`
	InitialS                   float64   `json:"initial_s"`
	ClipNorm                   float64   `json:"clip_norm"`
	WeightDecay                float64   `json:"weight_decay"`
	L2                         float64
	Masks                      map[string]*array
	After1                     map[string]array `json:"after_1"`
	After5                     map[string]array `json:"after_5"`
}

type stepFixture struct {
	Inputs  array
	Labels  map[string]array
	Masks   map[string]*array
	Weights map[string]array
	Cases   []stepCase
}

func TestStepsAgainstPyTorch(t *testing.T) {
	var fixture stepFixture
	read(t, "fit_step.json", &fixture)
	if len(fixture.Cases) != 21 {
		t.Fatalf("got %d cases, want 21", len(fixture.Cases))
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, c := range fixture.Cases {
			t.Run(c.Name, func(t *testing.T) {
				store := fixture.store(c)
				m := &mtl.Model{Arch: tanhLayer{}, Tasks: []mtl.Task{
					mtl.Classification("kind", 3), mtl.Regression("amount", 2), mtl.Binary("flag")}}
				trainer := train.NewTrainer(b, store, m.Graph, m.Loss, mtl.Optimizer(c.weighting(), c.optimizer()), nil, nil)
				for step := 1; step <= 5; step++ {
					if _, err := trainer.TrainStep(fixture.batch(c)); err != nil {
						t.Fatal(err)
					}
					if step == 1 {
						compareWeights(t, "after 1 step", store, c.After1)
					}
				}
				compareWeights(t, "after 5 steps", store, c.After5)
			})
		}
	})
}

// tanhLayer is the fixture's trunk.
type tanhLayer struct{}

func (tanhLayer) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	features := make([]*graph.Node, len(tasks))
	features[0] = graph.Tanh(layers.DenseWithBias(scope.At(mtl.SharedScope), inputs[0], 7))
	for i := range features {
		features[i] = features[0]
	}
	return features
}

// path translates a fixture's variable name.
func path(name string) string {
	if name == "s" {
		return "/mtl/uncertainty/log_variance"
	}
	layer, kind, _ := strings.Cut(name, "/")
	if layer != mtl.SharedScope {
		layer = "task/" + layer + "/head/output"
	}
	return "/" + layer + map[string]string{"kernel": "/dense/weights", "bias": "/dense/biases"}[kind]
}

// store holds the initial weights and, where asked for, GoMLX's own L2 on every kernel.
func (f *stepFixture) store(c stepCase) *model.Store {
	store := model.NewStore()
	if c.L2 != 0 {
		store.SetParam("/"+regularizer.ParamL2, c.L2)
	}
	for name, value := range f.Weights {
		at := path(name)
		slash := strings.LastIndex(at, "/")
		store.Scope(at[:slash]).VariableWithValue(at[slash+1:], tensorOf[float32](value))
	}
	return store
}

func (f *stepFixture) batch(c stepCase) train.Batch {
	masks := c.Masks
	if masks == nil {
		masks = f.Masks
	}
	batch := train.Batch{Inputs: []*tensors.Tensor{tensorOf[float32](f.Inputs)}}
	for _, name := range taskNames {
		labels := tensorOf[float32](f.Labels[name])
		if name == "kind" {
			labels = tensorOf[int32](f.Labels[name])
		}
		mask := masks[name]
		if mask == nil {
			mask = &array{dims: []int{8}, flat: []float64{1, 1, 1, 1, 1, 1, 1, 1}}
		}
		batch.Labels = append(batch.Labels, labels, boolTensor(*mask))
	}
	return batch
}

func (c stepCase) weighting() mtl.Weighting {
	switch c.Weighting {
	case "fixed":
		fixed := weighting.Fixed{}
		for i, name := range taskNames {
			fixed[name] = c.TaskWeights[i]
		}
		return fixed
	case "uncertainty":
		return weighting.Uncertainty{InitialLogVariance: c.InitialS}
	}
	return weighting.Equal{}
}

func (c stepCase) optimizer() optimizer.Interface {
	var base optimizer.Interface
	if c.Optimizer == "sgd" {
		base = optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(c.LearningRate).Done()
	} else {
		base = optimizer.Adam().LearningRate(c.LearningRate).WeightDecay(c.WeightDecay).Done()
	}
	if c.ClipNorm > 0 {
		return mtl.ClipByGlobalNorm(c.ClipNorm, base)
	}
	return base
}

func compareWeights(t *testing.T, when string, store *model.Store, want map[string]array) {
	t.Helper()
	for name, value := range want {
		variable := store.GetVariable(path(name))
		if variable == nil {
			t.Fatalf("there is no variable %s", path(name))
		}
		near(t, name+" "+when, numbers(t, variable.MustValue()), value.flat, 2e-6)
	}
}
