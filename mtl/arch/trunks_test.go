package arch_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

var stages = []arch.Stage{{Channels: 6}, {Channels: 8, Stride: 2, Depth: 2}}

// trunks are one of each kind, with all settings between them.
var trunks = []struct {
	name  string
	trunk arch.Trunk
	input []int
	want  []int
}{
	{"dense", arch.Dense{Widths: []int{16}}, []int{8, 5}, []int{8, 16}},
	{"dense on pictures", arch.Dense{Widths: []int{16, 12, 9}, Activation: graph.Tanh}, []int{8, 4, 4, 2}, []int{8, 9}},
	{"dense on scalars", arch.Dense{Widths: []int{16}}, []int{8}, []int{8, 16}},
	{"dense, batch norm", arch.Dense{Widths: []int{16, 8}, Normalization: arch.BatchNorm}, []int{8, 5}, []int{8, 8}},
	{"dense, layer norm, dropout", arch.Dense{Widths: []int{16, 8}, Normalization: arch.LayerNorm, Dropout: 0.2}, []int{8, 5}, []int{8, 8}},
	{"conv", arch.Conv{Stages: stages}, []int{8, 9, 6, 3}, []int{8, 5, 3, 8}},
	{"conv 5x5, batch norm, gelu", arch.Conv{Stages: stages, Kernel: 5, Normalization: arch.BatchNorm, Activation: activation.Gelu}, []int{8, 9, 6, 3}, []int{8, 5, 3, 8}},
	{"conv, layer norm, dropout, L1, L2", arch.Conv{Stages: stages, Normalization: arch.LayerNorm, Dropout: 0.2, L1: 1e-4, L2: 1e-3}, []int{8, 8, 8, 1}, []int{8, 4, 4, 8}},
	{"conv on series", arch.Conv{Stages: stages}, []int{8, 9, 3}, []int{8, 5, 8}},
	{"residual", arch.Residual{Stages: stages}, []int{8, 9, 6, 3}, []int{8, 5, 3, 8}},
	{"residual, batch norm", arch.Residual{Stages: stages, Normalization: arch.BatchNorm}, []int{8, 8, 8, 3}, []int{8, 4, 4, 8}},
	{"a stem, blocks and dense", arch.Sequence{arch.Conv{Stages: stages[:1]}, arch.Residual{Stages: stages}, arch.Dense{Widths: []int{10}}}, []int{8, 8, 8, 3}, []int{8, 10}},
	{"a function", arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		x := arch.Dense{Widths: []int{7}}.Represent(scope, inputs)
		return graph.Concatenate([]*graph.Node{x, graph.Neg(x)}, -1)
	}), []int{8, 5}, []int{8, 14}},
}

// Shapes, the partition of the variables, a gradient on each of them, and training on both backends.
func TestTrunks(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range trunks {
			t.Run(c.name, func(t *testing.T) {
				inputs := []*tensors.Tensor{wave(c.input...)}
				checked := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
					h := c.trunk.Represent(scope, inputs)
					if got := h.Shape().Dimensions; !slices.Equal(got, c.want) {
						t.Errorf("representation %v; wanted %v", got, c.want)
					}
					return h
				})
				m := &mtl.Model{Arch: arch.HardSharing{Trunk: checked}, Tasks: []mtl.Task{mtl.Classification("class", 3), mtl.Regression("value", 1)}}
				labels := []*tensors.Tensor{tensors.FromValue([]int32{0, 1, 2, 0, 1, 2, 0, 1}), wave(8)}
				losses := steps(t, backend, seeded(1), m, 20, inputs, labels)
				if !(losses[19] < losses[0]) {
					t.Errorf("losses %v do not fall", losses)
				}
				if backend.Name() == "xla" {
					return // What follows is the same graph on every backend, and compiling it is slow.
				}
				store := seeded(1)
				for path, sum := range gradients(t, backend, store, m, inputs, labels) {
					if !(sum > 0) || math.IsInf(sum, 0) {
						t.Errorf("the gradient on %s sums up to %v", path, sum)
					}
				}
				shared, own := partition(t, store, m)
				if shared == 0 || own["class"] != 2 || own["value"] != 2 {
					t.Errorf("%d shared variables, by task %v; wanted some, and 2 for each task", shared, own)
				}
			})
		}
	})
}

func TestSeveralInputsAreJoined(t *testing.T) {
	store := model.NewStore()
	trunk := arch.Dense{Widths: []int{4}}
	joined := represent(t, backendtest.Go(t), store, trunk, false, wave(2, 3), wave(2, 5, 2))
	if got := store.GetVariable("/layer_0/dense/weights").Shape().Dimensions; !slices.Equal(got, []int{13, 4}) {
		t.Errorf("weights %v for 3 and 10 features; wanted [13 4]", got)
	}
	if !slices.Equal(joined.Shape().Dimensions, []int{2, 4}) {
		t.Errorf("representation %v", joined.Shape())
	}
}

func TestSingleTaskAndSharedNode(t *testing.T) {
	a := arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}
	for _, tasks := range [][]mtl.Task{{mtl.Binary("one")}, {mtl.Binary("one"), mtl.Binary("two"), mtl.Binary("three")}} {
		_, err := execute(backendtest.Go(t), model.NewStore(), []*tensors.Tensor{wave(2, 3)}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			features := a.Features(scope, nodes, tasks)
			if len(features) != len(tasks) {
				t.Errorf("%d representations for %d tasks", len(features), len(tasks))
			}
			for _, f := range features {
				if f != features[0] {
					t.Error("tasks have representations of their own")
				}
			}
			return features[:1]
		})
		check(t, err)
	}
}

func TestSeedsGiveEqualWeights(t *testing.T) {
	trunk := arch.Sequence{arch.Conv{Stages: stages[:1], Normalization: arch.BatchNorm}, arch.Dense{Widths: []int{10}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		weights := func(seed int64) (out []float64) {
			store := seeded(seed)
			represent(t, backend, store, trunk, false, wave(2, 6, 6, 1))
			for v := range store.IterVariables() {
				if v.DType().IsFloat() {
					out = append(out, numbers(t, v.MustValue())...)
				}
			}
			return out
		}
		three := weights(3)
		if !slices.Equal(three, weights(3)) {
			t.Error("two models of seed 3 differ")
		}
		if slices.Equal(three, weights(4)) {
			t.Error("models of seeds 3 and 4 are equal")
		}
	})
}

func TestBadTrunks(t *testing.T) {
	b := backendtest.Go(t)
	rows, maps := []*tensors.Tensor{wave(2, 3)}, []*tensors.Tensor{wave(2, 4, 4, 1)}
	wantPanic(t, b, arch.Dense{}, rows, "0 widths")
	wantPanic(t, b, arch.Dense{Widths: []int{4, 0}}, rows, "layer 1", "width 0")
	wantPanic(t, b, arch.Dense{Widths: []int{4}, Dropout: 1}, rows, "dropout 1")
	wantPanic(t, b, arch.Dense{Widths: []int{4}, Dropout: math.NaN()}, rows, "dropout NaN")
	wantPanic(t, b, arch.Dense{Widths: []int{4}, L2: -1}, rows, "L2 -1")
	wantPanic(t, b, arch.Dense{Widths: []int{4}}, []*tensors.Tensor{tensors.FromValue([][]int32{{1}})}, "floating-point", "Int32")
	wantPanic(t, b, arch.Conv{Stages: stages}, rows, "[batch, height, width, channels]", "arch.Conv")
	wantPanic(t, b, arch.Conv{Stages: stages}, append(maps, maps...), "one floating-point input")
	wantPanic(t, b, arch.Conv{}, maps, "no stages")
	wantPanic(t, b, arch.Conv{Stages: stages, Kernel: 4}, maps, "kernels of 4", "odd")
	wantPanic(t, b, arch.Residual{Stages: []arch.Stage{{}}}, maps, "stage 0 of arch.Residual", "channels")
	wantPanic(t, b, arch.Conv{Stages: []arch.Stage{{Channels: 2, Stride: -1}}}, maps, "negative")
	wantPanic(t, b, arch.Sequence{}, maps, "Sequence is empty")
	wantPanic(t, b, arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return arch.HardSharing{}.Features(scope, inputs, nil)[0]
	}), rows, "no trunk")
}
