package arch_test

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
	"github.com/gomtl/gomtl/mtl/weighting"
)

// blocks is a trunk of three blocks of dense layers, each of them wrapped.
func blocks(wrap func(arch.Trunk) arch.Trunk) arch.Trunk {
	var all arch.Sequence
	for range 3 {
		all = append(all, wrap(arch.Dense{Widths: []int{16, 16}, Dropout: 0.1, Normalization: arch.BatchNorm}))
	}
	return all
}

// trainBlocks trains for some steps and returns all variables and, on XLA, the temporary memory of a step.
func trainBlocks(t *testing.T, b compute.Backend, trunk arch.Trunk, w mtl.Weighting) (map[string][]float32, int64) {
	t.Helper()
	const rows = 512
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: trunk}, Tasks: []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)}}
	store := model.NewStore()
	c, err := mtl.Compile(m, mtl.Data{Train: &mtl.Split{
		Inputs: []*tensors.Tensor{wave(rows, 8)}, Labels: map[string]*tensors.Tensor{"a": wave(rows), "b": wave(rows)},
	}}, mtl.FitOptions{Backend: b, Steps: 3, BatchSize: rows, Weighting: w, StepsPerCall: 1, Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	_, err = c.Fit(context.Background(), mtl.RunOptions{Store: store})
	check(t, err)
	memory, _ := c.Memory()
	check(t, c.Close())
	values := map[string][]float32{}
	for v := range store.IterVariables() {
		if v.DType().IsFloat() {
			values[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
		}
	}
	return values, memory.Temporary
}

// A checkpointed trunk trains as the trunk does, batch-normalised and with dropout, and XLA needs less memory for it.
func TestCheckpointed(t *testing.T) {
	methods := map[string]mtl.Weighting{"equal": nil, "MGDA": weighting.MGDA{}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for name, w := range methods {
			want, whole := trainBlocks(t, b, blocks(func(trunk arch.Trunk) arch.Trunk { return trunk }), w)
			got, kept := trainBlocks(t, b, blocks(func(trunk arch.Trunk) arch.Trunk { return arch.Checkpointed{Trunk: trunk} }), w)
			if len(got) != len(want) {
				t.Errorf("%s: %d variables; wanted %d", name, len(got), len(want))
			}
			for path, values := range want {
				for i, v := range values {
					if diff := math.Abs(float64(got[path][i] - v)); !(diff <= 1e-5*max(1, math.Abs(float64(v)))) {
						t.Errorf("%s: %s[%d] is %v; wanted %v", name, path, i, got[path][i], v)
						break
					}
				}
			}
			if b.Name() == "xla" && kept >= whole*9/10 {
				t.Errorf("%s: %d bytes of temporary memory, and %d without checkpoints", name, kept, whole)
			}
			t.Logf("%s: %d bytes of temporary memory, %d without checkpoints", name, kept, whole)
		}
	})
}
