package arch_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

func layerOf(width int) arch.Dense { return arch.Dense{Widths: []int{width}} }

func mapsOf(channels, stride int) arch.Conv {
	return arch.Conv{Stages: []arch.Stage{{Channels: channels, Stride: stride}}}
}

// testdata/coupled.py computes the same from the same weights with PyTorch, from the papers' formulas, one task at a time.
func TestCoupledLikePyTorch(t *testing.T) {
	vectors := []arch.Trunk{layerOf(5), layerOf(3)}
	maps := []arch.Trunk{mapsOf(3, 1), mapsOf(2, 2)}
	aitm := arch.AITM{Tower: layerOf(3)}
	likePyTorch(t, "testdata/coupled.json", []string{"a", "b", "c"}, map[string]mtl.Architecture{
		"SoftSharing, squared distance":        arch.SoftSharing{Tower: layerOf(3), Amount: 0.5},
		"SoftSharing, trace norm":              arch.SoftSharing{Tower: layerOf(3), Amount: 0.5, Tie: arch.TraceNorm{}},
		"CrossStitch":                          arch.CrossStitch{Stages: vectors},
		"CrossStitch per channel, on pictures": arch.CrossStitch{Stages: maps, PerChannel: true},
		"NDDR":                                 arch.NDDR{Stages: vectors, Activation: graph.Tanh},
		"NDDR on pictures":                     arch.NDDR{Stages: maps},
		"MTAN":                                 arch.MTAN{Stages: []arch.AttentionStage{{First: layerOf(4), Second: layerOf(3)}, {First: layerOf(3)}}},
		"MTAN on pictures":                     arch.MTAN{Stages: []arch.AttentionStage{{First: mapsOf(4, 1), Second: mapsOf(3, 1)}, {First: mapsOf(3, 2), Second: mapsOf(2, 1)}}},
		"LTB, warming up":                      arch.LTB{Stages: vectors, Branches: 2, Steps: 1000},
		"ESMM":                                 arch.ESMM{Arch: arch.Branched{Trunk: layerOf(5), Own: layerOf(3)}},
		"AITM":                                 aitm,
		"Calibrated AITM":                      arch.Calibrated{Arch: aitm},
		"DBMTL":                                arch.DBMTL{Bottom: layerOf(5), Tower: layerOf(3), Relation: layerOf(4)},
		"DBMTL, given order":                   arch.DBMTL{Bottom: layerOf(5), Tower: layerOf(3), Relation: layerOf(4), After: map[string][]string{"a": {"c"}, "b": {"a"}}},
	}, "CrossStitch per channel, on pictures", "MTAN on pictures")
}

// coupledModels are architectures for three tasks, with how many trainable variables are shared, which the first task has and which the last, heads
// included.
var coupledModels = []struct {
	name                string
	arch                mtl.Architecture
	input               []int
	shared, first, last int
	quantities          []string
}{
	{"SoftSharing", arch.SoftSharing{Tower: arch.Dense{Widths: []int{5, 4}, Normalization: arch.BatchNorm}, Amount: 0.1}, []int{8, 5}, 3 * 2 * 3, 2, 2, []string{"tower/distance"}},
	{"SoftSharing by trace norm, on pictures", arch.SoftSharing{Tower: mapsOf(3, 2), Tie: arch.TraceNorm{}}, []int{8, 6, 6, 2}, 3 * 2, 2, 2, []string{"tower/distance"}},
	{"CrossStitch", arch.CrossStitch{Stages: []arch.Trunk{mapsOf(3, 2), layerOf(4)}}, []int{8, 6, 6, 2}, 3*4 + 2, 2, 2, []string{"stitch/stage_0", "stitch/stage_1"}},
	{"CrossStitch per channel", arch.CrossStitch{Stages: []arch.Trunk{layerOf(4)}, PerChannel: true}, []int{8, 5}, 3*2 + 1, 2, 2, []string{"stitch/stage_0"}},
	{"NDDR", arch.NDDR{Stages: []arch.Trunk{mapsOf(3, 2), layerOf(4)}}, []int{8, 6, 6, 2}, 3*4 + 2*(1+3*2), 2, 2, []string{"nddr/stage_0", "nddr/stage_1"}},
	{"MTAN", arch.MTAN{Stages: []arch.AttentionStage{{First: mapsOf(3, 1), Second: mapsOf(3, 1)}, {First: mapsOf(4, 2)}}}, []int{8, 7, 6, 2}, 3*2 + 3, 2*6 + 2, 2*6 + 2, []string{"attention"}},
	{"MTAN on vectors", arch.MTAN{Stages: []arch.AttentionStage{{First: layerOf(6)}, {First: layerOf(4)}}, Normalization: arch.LayerNorm}, []int{8, 5}, 2*2 + 3, 2*6 + 2, 2*6 + 2, []string{"attention"}},
	{"AITM", arch.AITM{Bottom: layerOf(6), Tower: layerOf(4)}, []int{8, 5}, 2, 2 + 2, 2 + 2 + 3 + 2, []string{"transfer"}},
	{"DBMTL", arch.DBMTL{Tower: layerOf(4), Relation: layerOf(4)}, []int{8, 5}, 0, 2 + 2, 2 + 2 + 2, nil},
	{"ESMM", arch.ESMM{Arch: arch.Branched{Trunk: layerOf(6), Own: layerOf(4)}}, []int{8, 5}, 2, 2 + 2, 2 + 2, nil},
	{"Calibrated", arch.Calibrated{Arch: arch.AITM{Tower: layerOf(4)}}, []int{8, 5}, 0, 2 + 2, 2 + 2 + 3 + 2, []string{"transfer"}},
	{"LTB", arch.LTB{Stages: []arch.Trunk{layerOf(6), layerOf(4)}, Branches: 2, Steps: 60, WarmUp: 0.5}, []int{8, 5}, 2*4 + 1, 1 + 2, 1 + 2, []string{"branch/stage_1", "branch/tasks", "branch/temperature"}},
}

// binaryTasks are three tasks, with heads that leave the logit to the architecture where it makes one.
func binaryTasks(a mtl.Architecture) []mtl.Task {
	var options []mtl.TaskOption
	switch a.(type) {
	case arch.ESMM, arch.Calibrated:
		options = append(options, mtl.WithHead(arch.LogitHead{}))
	}
	return []mtl.Task{mtl.Binary("a", options...), mtl.Binary("b", options...), mtl.Binary("c", options...)}
}

var binaryLabels = []*tensors.Tensor{
	tensors.FromValue([]float32{1, 0, 1, 1, 0, 1, 1, 0}), tensors.FromValue([]float32{1, 0, 0, 1, 0, 1, 0, 0}), tensors.FromValue([]float32{0, 0, 0, 1, 0, 1, 0, 0}),
}

// The partition of the variables, a gradient on each of them, and training with Fit's many steps a call, on both backends, with what it records.
func TestCoupledModels(t *testing.T) {
	onXLA := []string{"SoftSharing by trace norm, on pictures", "NDDR", "LTB", "Calibrated"} // compiling is slow
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range coupledModels {
			if backend.Name() == "xla" && !slices.Contains(onXLA, c.name) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				m := &mtl.Model{Arch: c.arch, Tasks: binaryTasks(c.arch)}
				inputs := wave(c.input...)
				split := &mtl.Split{Inputs: copies(t, inputs), Labels: map[string]*tensors.Tensor{}}
				for i, y := range copies(t, binaryLabels...) {
					split.Labels[m.Tasks[i].Name] = y
				}
				options := mtl.FitOptions{Backend: backend, Steps: 60, LearningRate: 0.02, BatchSize: 8, Seed: 1, Log: unlogged}
				if backend.Name() != "xla" { // whose compilation of three backward passes is slow
					options.Weighting = weighting.UPGrad{}
				}
				h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, options)
				if c.shared == 0 && options.Weighting != nil {
					if err == nil || !strings.Contains(err.Error(), "no trainable parameters under scope") {
						t.Errorf("a gradient method without shared parameters: %v", err)
					}
					options.Weighting = nil
					h, err = mtl.Fit(context.Background(), m, mtl.Data{Train: split}, options)
				}
				check(t, err)
				first, last := 0.0, 0.0
				for _, task := range m.Tasks {
					losses := h.Loss(history.Train, task.Name).Values
					first, last = first+losses[0], last+losses[len(losses)-1]
				}
				if !(last < first) {
					t.Errorf("the sum of the losses goes from %v to %v", first, last)
				}
				var names []string
				for _, q := range h.Run.Quantities {
					names = append(names, q.Name)
					_, values := h.Values(q.Name)
					for _, v := range slices.Concat(values...) {
						if signed := strings.HasPrefix(q.Name, "stitch"); !(math.Abs(v) < 100) || v < 0 && !signed {
							t.Errorf("%s has a value of %v", q.Name, v)
						}
					}
				}
				slices.Sort(names)
				if !slices.Equal(names, c.quantities) {
					t.Errorf("recorded %q; wanted %q", names, c.quantities)
				}
				if backend.Name() == "xla" {
					return // What follows is the same graph on every backend, and compiling it is slow.
				}
				store := seeded(1)
				for path, sum := range gradients(t, backend, store, m, []*tensors.Tensor{inputs}, binaryLabels) {
					// Warming up, no choice matters.
					if choice := strings.Contains(path, "/alpha") && c.name == "LTB"; !(sum > 0) != choice || math.IsInf(sum, 0) {
						t.Errorf("the gradient on %s sums up to %v", path, sum)
					}
				}
				shared, own := partition(t, store, m)
				if shared != c.shared || own["a"] != c.first || own["c"] != c.last {
					t.Errorf("%d shared variables, by task %v; wanted %d, %d for the first task and %d for the last", shared, own, c.shared, c.first, c.last)
				}
			})
		}
	})
}
