package mtl_test

import (
	"log/slog"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// costOf is the cost of a trunk with two tasks on inputs of some shape, 32 examples a step.
func costOf(t *testing.T, b compute.Backend, trunk arch.Trunk, head mtl.Head, w mtl.Weighting, inputs ...int) *mtl.Cost {
	t.Helper()
	const rows = 32
	labels := func() *tensors.Tensor { return tensors.FromFlatDataAndDimensions(make([]int32, rows), rows) }
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: trunk}, Tasks: []mtl.Task{
		mtl.Classification("a", 10, mtl.WithHead(head)), mtl.Classification("b", 10, mtl.WithHead(head)),
	}}
	size := rows
	for _, d := range inputs {
		size *= d
	}
	c, err := mtl.CostOf(m, mtl.Data{Train: &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(make([]float32, size), append([]int{rows}, inputs...)...)},
		Labels: map[string]*tensors.Tensor{"a": labels(), "b": labels()},
	}}, mtl.FitOptions{Backend: b, Steps: 1, BatchSize: rows, Weighting: w, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Dense layers 64 → 128 → 32 and two heads 32 → 10: parameters, state of Adam and products by hand.
func TestCostByHand(t *testing.T) {
	const (
		batch   = 32
		shared  = 64*128 + 128 + 128*32 + 32
		own     = 32*10 + 10
		first   = 2 * batch * 64 * 128
		second  = 2 * batch * 128 * 32
		heads   = 2 * 2 * batch * 32 * 10
		forward = first + second + heads
		// Backward, each layer once more for its weights, and all but the first once more for its input.
		step = forward + forward + second + heads
	)
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		c := costOf(t, b, arch.Dense{Widths: []int{128, 32}}, mtl.DenseHead{Outputs: 10}, nil, 64)
		if c.Shared != shared || c.Own["a"] != own || c.Own["b"] != own {
			t.Errorf("%d shared parameters and %v; wanted %d and %d each", c.Shared, c.Own, shared, own)
		}
		if c.Forward != forward || c.Step != step || c.Jacobian != 0 {
			t.Errorf("%v products forward, %v in all, Jacobian of %d bytes; wanted %d, %d and 0", c.Forward, c.Step, c.Jacobian, forward, step)
		}
		// Adam has two values a parameter; what else there is (step counter, random state, learning rate) is small.
		if moments := int64(2 * 4 * (shared + 2*own)); c.State < moments || c.State > moments+256 {
			t.Errorf("%d bytes of state; wanted %d and a little", c.State, moments)
		}
		if c.Known != (b.Name() == "xla") {
			t.Errorf("memory known: %v", c.Known)
		}
		c = costOf(t, b, arch.Dense{Widths: []int{128, 32}}, mtl.DenseHead{Outputs: 10}, weighting.MGDA{}, 64)
		if c.Jacobian != 2*4*shared {
			t.Errorf("MGDA's Jacobian has %d bytes; wanted %d", c.Jacobian, 2*4*shared)
		}
		c = costOf(t, b, arch.Dense{Widths: []int{128, 32}}, mtl.DenseHead{Outputs: 10}, mtl.Gradients{Method: weighting.MGDA{}, Target: mtl.Representation{}}, 64)
		if c.Jacobian != 2*4*batch*32 {
			t.Errorf("MGDA's Jacobian on the representation has %d bytes; wanted %d", c.Jacobian, 2*4*batch*32)
		}
	})
}

// A 3×3 convolution of 4 channels to 6 on 8×8 maps, forward, and again for its kernel.
func TestCostOfConvolution(t *testing.T) {
	const convolution, head = 2 * 32 * 8 * 8 * 6 * 3 * 3 * 4, 2 * 2 * 32 * 6 * 10
	c := costOf(t, backendtest.Go(t), arch.Conv{Stages: []arch.Stage{{Channels: 6}}}, mtl.DenseHead{Outputs: 10, Pool: mtl.SpatialMean}, nil, 8, 8, 4)
	if c.Forward != convolution+head || c.Step != 2*convolution+3*head {
		t.Errorf("%v products forward and %v in all; wanted %d and %d", c.Forward, c.Step, convolution+head, 2*convolution+3*head)
	}
}

// What needs validation data or measures between steps is no part of a step.
func TestCostLeavesOutWhatIsNoStep(t *testing.T) {
	m, data := twoTasks()
	options := mtl.FitOptions{Backend: backendtest.Go(t), Steps: 1, Log: quiet}
	want, err := mtl.CostOf(m, data, options)
	if err != nil {
		t.Fatal(err)
	}
	options.RestoreBest, options.Patience, options.Probes = true, 3, []mtl.Probe{{Name: "losses", Measure: onLosses}}
	got, err := mtl.CostOf(m, data, options)
	if err != nil {
		t.Fatal(err)
	}
	if got.Step != want.Step || got.Variables != want.Variables {
		t.Errorf("%+v; wanted %+v", got, want)
	}
}
