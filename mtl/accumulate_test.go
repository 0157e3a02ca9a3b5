package mtl_test

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/weighting"
)

const accumulateRows = 16

// accumulateData has three tasks, of which the second is labelled in 7 rows of 16, none of them among the last 4, and the third has labels to ignore.
func accumulateData() (*mtl.Model, *mtl.Split) {
	wave := func(n int, phase float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(math.Sin(phase + 1.7*float64(i)))
		}
		return x
	}
	mask, classes := make([]bool, accumulateRows), make([]int32, accumulateRows)
	for i := range mask {
		mask[i] = i < 12 && i%5 != 1 && i != 4 && i != 8 && i != 9
		classes[i] = int32(i*7%4) - 1
	}
	trunk := arch.Dense{Widths: []int{8, 6}, L2: 0.01, Activation: graph.Tanh}
	return &mtl.Model{Arch: arch.HardSharing{Trunk: trunk}, Tasks: []mtl.Task{
			mtl.Regression("a", 1), mtl.Regression("b", 1), mtl.Classification("c", 3, mtl.WithIgnoreLabel(-1)),
		}}, &mtl.Split{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(wave(5*accumulateRows, 0.3), accumulateRows, 5)},
			Labels: map[string]*tensors.Tensor{
				"a": tensors.FromFlatDataAndDimensions(wave(accumulateRows, 1), accumulateRows),
				"b": tensors.FromFlatDataAndDimensions(wave(accumulateRows, 2), accumulateRows),
				"c": tensors.FromFlatDataAndDimensions(classes, accumulateRows),
			},
			Masks: map[string]*tensors.Tensor{"b": tensors.FromFlatDataAndDimensions(mask, accumulateRows)},
		}
}

// trainInParts runs a few steps and returns the variables and the losses of the last.
func trainInParts(t *testing.T, b compute.Backend, m *mtl.Model, split *mtl.Split, w mtl.Weighting, parts int) (map[string][]float32, map[string]float64) {
	t.Helper()
	store := model.NewStore()
	h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, mtl.FitOptions{
		Backend: b, Store: store, Steps: 3, BatchSize: accumulateRows, Accumulate: parts, Weighting: w,
		Optimizer: optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(0.1).Done(),
		Log:       slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for v := range store.IterVariables() {
		if v.DType().IsFloat() {
			values[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
		}
	}
	return values, h.Records[len(h.Records)-1].Loss
}

// A step in parts is the step of the whole batch, labels missing or not.
func TestAccumulateIsExact(t *testing.T) {
	everywhere := map[string]mtl.Weighting{
		"equal": nil, "uncertainty": weighting.Uncertainty{},
		"MGDA": weighting.MGDA{}, "PCGrad": weighting.PCGrad{}, "UPGrad": weighting.UPGrad{}, "GradDrop": weighting.GradDrop{},
	}
	more := map[string]mtl.Weighting{ // on the backend that compiles at once
		"STCH": weighting.STCH{}, "DWA": weighting.DWA{}, "FAMO": weighting.FAMO{},
		"Gramian first": mtl.Gradients{Method: weighting.MGDA{}, Memory: mtl.GramianFirst}, "raw heads": mtl.Gradients{Heads: mtl.RawHeads},
		"weighted heads": mtl.Gradients{Method: weighting.MGDA{}, Heads: mtl.WeightedHeads},
		"representation": mtl.Gradients{Method: weighting.MGDA{}, Target: mtl.Representation{}},
		"last layer":     mtl.Gradients{Method: weighting.UPGrad{}, Target: mtl.LastSharedLayer{}},
		"per layer":      mtl.Gradients{Method: weighting.PCGrad{}, Target: mtl.PerLayer{}},
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		methods := maps.Clone(everywhere)
		if b.Name() == "go" {
			maps.Copy(methods, more)
		}
		for name, method := range methods {
			t.Run(name, func(t *testing.T) {
				m, split := accumulateData()
				want, wantLoss := trainInParts(t, b, m, split, method, 0)
				const parts = 4
				m, split = accumulateData()
				got, gotLoss := trainInParts(t, b, m, split, method, parts)
				if len(got) != len(want) {
					t.Errorf("%d parts: %d variables; want %d", parts, len(got), len(want))
				}
				for path, values := range want {
					for i, v := range values {
						if diff := math.Abs(float64(got[path][i] - v)); !(diff <= 1e-6*max(1, math.Abs(float64(v)))) {
							t.Errorf("%d parts: %s[%d] is %v; want %v", parts, path, i, got[path][i], v)
							break
						}
					}
				}
				for task, loss := range wantLoss {
					if !(math.Abs(gotLoss[task]-loss) <= 1e-6*max(1, loss)) {
						t.Errorf("%d parts: the loss of %q is %v; want %v", parts, task, gotLoss[task], loss)
					}
				}
			})
		}
	})
}

// Dropout draws its numbers part by part, and the gradient of a part is that of the losses reported: with MGDA on one task weights are 1.
func TestAccumulateDrawsOnce(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		train := func(w mtl.Weighting) (map[string][]float32, map[string]float64) {
			m, split := accumulateData()
			m.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{8, 6}, Dropout: 0.4, Activation: graph.Tanh}}
			m.Tasks = m.Tasks[:1]
			return trainInParts(t, b, m, split.Only("a"), w, 4)
		}
		want, wantLoss := train(nil)
		got, gotLoss := train(weighting.MGDA{})
		for path, values := range want {
			for i, v := range values {
				if math.Abs(float64(got[path][i]-v)) > 1e-6 {
					t.Fatalf("%s[%d] is %v with MGDA and %v without", path, i, got[path][i], v)
				}
			}
		}
		if math.Abs(wantLoss["a"]-gotLoss["a"]) > 1e-6 {
			t.Errorf("the loss is %v with MGDA and %v without", gotLoss["a"], wantLoss["a"])
		}
	})
}

func TestAccumulateMustDivideTheBatch(t *testing.T) {
	m, split := accumulateData()
	_, err := mtl.Compile(m, mtl.Data{Train: split}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 1, BatchSize: accumulateRows, Accumulate: 3})
	if err == nil || !strings.Contains(err.Error(), "16 examples cannot be taken in FitOptions.Accumulate = 3") {
		t.Errorf("got error %v", err)
	}
}
