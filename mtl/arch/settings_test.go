package arch_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/arch"
)

func one(*model.Scope) model.VariableInitializer { return initializer.One }

// With weights of 1 the 500 outputs are 4 in evaluation, and 0 or 4/(1-rate) in training.
func TestDropout(t *testing.T) {
	const rate, width = 0.3, 500
	constant := arch.Dense{Widths: []int{width}, Dropout: rate, Initializer: one}
	x := tensors.FromValue([][]float32{{1, 2}, {1, 2}})
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, v := range numbers(t, represent(t, backend, seeded(1), constant, false, x)) {
			if v != 4 {
				t.Fatalf("evaluation gives %v; wanted 4", v)
			}
		}
		zeros := 0
		for _, v := range numbers(t, represent(t, backend, seeded(1), constant, true, x)) {
			if v == 0 {
				zeros++
			} else if math.Abs(v-4/(1-rate)) > 1e-5 {
				t.Fatalf("training gives %v; wanted 0 or %v", v, 4/(1-rate))
			}
		}
		// Five standard deviations of a binomial count of 1,000.
		if off := math.Abs(float64(zeros) - 1000*rate); off > 5*math.Sqrt(1000*rate*(1-rate)) {
			t.Errorf("%d of 1000 outputs are dropped at rate %v", zeros, rate)
		}
	})
}

// Regularisation is L1·Σ|w| + L2·Σw² over the kernels, once, and nothing for biases and normalisation.
func TestRegularization(t *testing.T) {
	const l1, l2 = 0.25, 0.5
	maps := wave(2, 6, 6, 2)
	cases := []struct {
		name  string
		trunk arch.Trunk
		root  bool // the store's parameters say the amounts
	}{
		{"dense", arch.Dense{Widths: []int{5, 4}, L1: l1, L2: l2}, false},
		{"dense, batch norm", arch.Dense{Widths: []int{5, 4}, L1: l1, L2: l2, Normalization: arch.BatchNorm}, false},
		{"conv", arch.Conv{Stages: stages, L1: l1, L2: l2}, false},
		{"conv, batch norm", arch.Conv{Stages: stages, L1: l1, L2: l2, Normalization: arch.BatchNorm}, false},
		{"residual, layer norm", arch.Residual{Stages: stages, L1: l1, L2: l2, Normalization: arch.LayerNorm}, false},
		{"dense from the store", arch.Dense{Widths: []int{5, 4}}, true},
		{"conv from the store", arch.Conv{Stages: stages}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			store := seeded(2)
			if c.root {
				store.SetParam(regularizer.ParamL1, l1)
				store.SetParam(regularizer.ParamL2, l2)
			}
			outputs, err := execute(backendtest.Go(t), store, []*tensors.Tensor{maps}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
				x := c.trunk.Represent(scope, nodes)
				return []*graph.Node{train.GetRegularizationLoss(x.Graph()), x}
			})
			check(t, err)
			want := 0.0
			for v := range store.IterVariables() {
				if v.Name() != "weights" {
					continue
				}
				for _, w := range numbers(t, v.MustValue()) {
					want += l1*math.Abs(w) + l2*w*w
				}
			}
			near(t, "regularisation", numbers(t, outputs[0]), []float64{want})
			again, err := execute(backendtest.Go(t), store, []*tensors.Tensor{maps}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
				x := c.trunk.Represent(scope, nodes)
				return []*graph.Node{train.GetRegularizationLoss(x.Graph()), x}
			})
			check(t, err)
			near(t, "regularisation in a second graph", numbers(t, again[0]), []float64{want})
		})
	}
}

// The store's parameter reaches convolutions once, and a trunk without any adds nothing.
func TestRegularizationFromTheStore(t *testing.T) {
	store := seeded(2)
	store.SetParam(regularizer.ParamL1, 0.25)
	outputs, err := execute(backendtest.Go(t), store, []*tensors.Tensor{wave(2, 6, 6, 2)}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		x := arch.Conv{Stages: stages, Initializer: one}.Represent(scope, nodes)
		return []*graph.Node{train.GetRegularizationLoss(x.Graph()), x}
	})
	check(t, err)
	near(t, "L1 of ones", numbers(t, outputs[0]), []float64{0.25 * 9 * (2*6 + 6*8 + 8*8)})
	_, err = execute(backendtest.Go(t), model.NewStore(), []*tensors.Tensor{wave(2, 6, 6, 2)}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		x := arch.Conv{Stages: stages}.Represent(scope, nodes)
		if train.GetRegularizationLoss(x.Graph()) != nil {
			t.Error("a trunk without L1 and L2 is regularised")
		}
		return []*graph.Node{x}
	})
	check(t, err)
}

func TestInitializers(t *testing.T) {
	b := backendtest.Go(t)
	moments := func(values []float64) (mean, variance, largest float64) {
		for _, v := range values {
			mean += v / float64(len(values))
			largest = max(largest, math.Abs(v))
		}
		for _, v := range values {
			variance += (v - mean) * (v - mean) / float64(len(values))
		}
		return mean, variance, largest
	}
	x := wave(2, 200)

	store := seeded(1)
	represent(t, b, store, arch.Dense{Widths: []int{400}}, false, x)
	mean, variance, _ := moments(value(t, store, "/layer_0/dense/weights"))
	if math.Abs(mean) > 0.002 || math.Abs(variance*200/2-1) > 0.03 {
		t.Errorf("default: mean %v and variance %v; wanted He's, 0 and 2/200", mean, variance)
	}
	if _, _, largest := moments(value(t, store, "/layer_0/dense/biases")); largest != 0 {
		t.Errorf("default: a bias of %v; wanted 0", largest)
	}

	store = seeded(1)
	represent(t, b, store, arch.Dense{Widths: []int{400}, Initializer: initializer.GlorotUniformFn}, false, x)
	limit := math.Sqrt(6.0 / 600)
	_, variance, largest := moments(value(t, store, "/layer_0/dense/weights"))
	if largest > limit || math.Abs(variance*3/(limit*limit)-1) > 0.03 {
		t.Errorf("Glorot: largest %v and variance %v; wanted at most %v and a third of its square", largest, variance, limit)
	}

	store = seeded(1)
	represent(t, b, store, arch.Conv{Stages: stages, Initializer: func(scope *model.Scope) model.VariableInitializer {
		return initializer.RandomUniformFn(scope, 2, 3)
	}}, false, wave(2, 6, 6, 1))
	for _, w := range value(t, store, "/stage_1/block_1/conv/weights") {
		if w < 2 || w > 3 {
			t.Fatalf("uniform from 2 to 3 gives %v", w)
		}
	}
}
