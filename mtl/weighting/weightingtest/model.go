package weightingtest

import (
	"context"
	"log/slog"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// onModel trains a model whose tasks have labels for some of the examples, one step a call and several. The results must be equal: a program with a loop
// on the device is where a graph that shares constants between functions fails.
func onModel(t *testing.T, method mtl.Weighting) {
	t.Run("model", func(t *testing.T) {
		backendtest.Each(t, func(t *testing.T, b compute.Backend) {
			xla := b.Name() == "xla"
			if xla && testing.Short() {
				t.Skip("two compilations")
			}
			one := fitted(t, b, method, 1)
			if !xla {
				return
			}
			many := fitted(t, b, method, 8)
			for path, values := range one {
				for i, x := range values {
					if !(math.Abs(float64(many[path][i]-x)) <= 1e-4*(1+math.Abs(float64(x)))) {
						t.Errorf("%s is %v after steps in a loop, %v one at a time", path, many[path], values)
						break
					}
				}
			}
		})
	})
}

// fitted returns the variables after some steps.
func fitted(t *testing.T, b compute.Backend, method mtl.Weighting, stepsPerCall int) map[string][]float32 {
	t.Helper()
	const examples, inputs = 36, 3
	wave := func(n int, phase float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(math.Sin(phase + 1.7*float64(i)))
		}
		return x
	}
	split := &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(wave(examples*inputs, 0), examples, inputs)},
		Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{},
	}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}}
	for i, name := range []string{"task0", "task1", "task2"} {
		known := make([]bool, examples)
		for k := range known {
			known[k] = i != 1 || k%12 == 0 // most batches are without a label of the second
		}
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1))
		split.Labels[name] = tensors.FromFlatDataAndDimensions(wave(examples, float64(i)), examples)
		split.Masks[name] = tensors.FromFlatDataAndDimensions(known, examples)
	}
	store := model.NewStore()
	options := mtl.FitOptions{
		Backend: b, Store: store, Steps: 9, BatchSize: 6, Seed: 1, Weighting: method, StepsPerCall: stepsPerCall, Log: slog.New(slog.DiscardHandler),
	}
	if _, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, options); err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for v := range store.IterVariables() {
		if !v.DType().IsFloat() {
			continue
		}
		flat, err := tensors.CopyFlatData[float32](v.MustValue())
		if err != nil {
			continue // not of the step's type, such as a Float64 state
		}
		values[v.Path()] = flat
		for _, x := range flat {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
				t.Errorf("%s is %v after training", v.Path(), flat)
				break
			}
		}
	}
	if b.Name() != "xla" {
		followsTasks(t, m, mtl.Data{Train: split}, options)
	}
	return values
}
