package mtl_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/metric"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// Everything that a training depends on makes a difference, under its name; what it does not depend
// on makes none.
func TestDescription(t *testing.T) {
	type call struct {
		m    *mtl.Model
		data mtl.Data
		opts mtl.FitOptions
	}
	build := func() *call {
		split := func(values ...float32) *mtl.Split {
			return &mtl.Split{
				Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{values[:2], values[1:]})},
				Labels: map[string]*tensors.Tensor{
					"a":     tensors.FromValue([]float32{1, 2}),
					"b":     tensors.FromValue([]int32{0, 1}),
					"other": tensors.FromValue([]int32{7, 7}),
				},
			}
		}
		return &call{
			m: &mtl.Model{
				Arch:  &arch.HardSharing{Trunk: arch.Dense{Widths: []int{8}}},
				Tasks: []mtl.Task{mtl.Regression("a", 1), mtl.Classification("b", 2)},
			},
			data: mtl.Data{Train: split(1, 2, 3), Validation: split(4, 5, 6)},
			opts: mtl.FitOptions{Steps: 10},
		}
	}
	describe := func(c *call) map[string]string { return mtl.Description(c.m, c.data, c.opts) }
	for want, change := range map[string]func(*call){
		`architecture: HardSharing{Trunk:Dense{Widths:[8]}}; asked for: HardSharing{Trunk:Dense{Widths:[8 8]}}`: func(c *call) {
			c.m.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{8, 8}}}
		},
		"architecture: ": func(c *call) { c.m.Arch = &arch.HardSharing{Trunk: arch.Dense{Widths: []int{8}, Dropout: 0.1}} },
		`task "a": `:     func(c *call) { c.m.Tasks[0] = mtl.Regression("a", 1, mtl.WithHead(mtl.DenseHead{Outputs: 2})) },
		`task "a": regr`: func(c *call) { c.m.Tasks[0] = mtl.Binary("a") },
		`task "b": `: func(c *call) {
			c.m.Tasks[1] = mtl.Classification("b", 2, mtl.WithMetrics(metric.Accuracy{}, metric.TopK{K: 1}))
		},
		`task "b": clas`:                      func(c *call) { c.m.Tasks[1] = mtl.Classification("b", 2, mtl.WithIgnoreLabel(-1)) },
		`task "b": class`:                     func(c *call) { c.m.Tasks[1] = mtl.Classification("b", 2, mtl.WithLoss(mtl.SquaredError)) },
		`task "c": not said`:                  func(c *call) { c.m.Tasks = append(c.m.Tasks, mtl.Binary("c")) },
		"training data: 2 examples, SHA-256 ": func(c *call) { c.data.Train.Inputs[0] = tensors.FromValue([][]float32{{1, 2}, {2, 3.5}}) },
		"training data: 2 examples":           func(c *call) { c.data.Train.Labels["a"] = tensors.FromValue([]float32{1, 3}) },
		"training data: 2": func(c *call) {
			c.data.Train.Masks = map[string]*tensors.Tensor{"a": tensors.FromValue([]bool{true, false})}
		},
		"validation data: 2 examples":           func(c *call) { c.data.Validation.Labels["b"] = tensors.FromValue([]int32{1, 1}) },
		"asked for: none":                       func(c *call) { c.data.Validation = nil },
		"weighting: equal; asked for: DWA":      func(c *call) { c.opts.Weighting = &weighting.DWA{} },
		"optimiser: adam; asked for: adam{":     func(c *call) { c.opts.Optimizer = optimizer.Adam().WeightDecay(0.1).Done() },
		"optimiser: adam; asked for: adam, l":   func(c *call) { c.opts.LearningRate = 0.5 },
		"optimiser: adam; asked for: adam, g":   func(c *call) { c.opts.ClipNorm = 0.5 },
		"schedule: none; asked for: Cosine":     func(c *call) { c.opts.Schedule = mtl.Cosine{} },
		"batch size: 2; asked for: 1":           func(c *call) { c.opts.BatchSize = 1 },
		"batch size: 2; asked for: 2 in 2 part": func(c *call) { c.opts.Accumulate = 2 },
	} {
		c := build()
		change(c)
		differences := mtl.Differences(describe(build()), describe(c))
		if len(differences) != 1 || !strings.Contains(differences[0], want) {
			t.Errorf("%q; wanted %q alone", differences, want)
		}
	}
	for name, change := range map[string]func(*call){
		"nothing":                func(*call) {},
		"more steps":             func(c *call) { c.opts.Steps = 20 },
		"another seed":           func(c *call) { c.opts.Seed = 5 },
		"a pointer to the same":  func(c *call) { c.m.Arch = arch.HardSharing{Trunk: &arch.Dense{Widths: []int{8}}} },
		"the optimiser by name":  func(c *call) { c.opts.Optimizer = optimizer.Adam().Done() },
		"labels of no task":      func(c *call) { delete(c.data.Train.Labels, "other") },
		"an accumulation of one": func(c *call) { c.opts.Accumulate = 1 },
		"patience":               func(c *call) { c.opts.Patience = 3 },
	} {
		c := build()
		change(c)
		if differences := mtl.Differences(describe(build()), describe(c)); len(differences) > 0 {
			t.Errorf("%s: %q", name, differences)
		}
	}
}
