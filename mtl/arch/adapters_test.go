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
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
)

var twoTasks = []mtl.Task{mtl.Classification("class", 3), mtl.Regression("value", 1)}

// features runs the architecture once and returns the representation of each task.
func features(t *testing.T, backend compute.Backend, store *model.Store, a mtl.Architecture, training bool, inputs ...*tensors.Tensor) [][]float64 {
	t.Helper()
	outputs, err := execute(backend, store, inputs, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		store.SetTraining(nodes[0].Graph(), training)
		return a.Features(scope, nodes, twoTasks)
	})
	check(t, err)
	out := make([][]float64, len(outputs))
	for i, x := range outputs {
		out[i] = numbers(t, x)
	}
	return out
}

// owned counts the numbers in the variables of a task.
func owned(store *model.Store, task string) (count int) {
	return store.Scope("/task/" + task).NumParameters()
}

// At the start LoRA is the trunk, for every kind of trunk, and adapters change it by little; a task stores what the formulas say.
func TestTaskPassesStartAsTheTrunk(t *testing.T) {
	conv := arch.Conv{Stages: []arch.Stage{{Channels: 6}, {Channels: 8, Stride: 2}}, Kernel: 5, Normalization: arch.BatchNorm}
	for _, c := range []struct {
		name           string
		trunk          arch.Trunk
		input          *tensors.Tensor
		lora, adapters int
	}{
		{"dense", arch.Dense{Widths: []int{7, 4}, Normalization: arch.LayerNorm}, wave(8, 5), 2*(5+7) + 2*(7+4), (2*7*3 + 7 + 3) + (2*4*3 + 4 + 3)},
		{"conv", conv, wave(8, 6, 6, 2), 2*(25*2+6) + 2*(25*6+8), (2*6*3 + 6 + 3) + (2*8*3 + 8 + 3)},
		{"residual", arch.Residual{Stages: []arch.Stage{{Channels: 6, Stride: 2}}}, wave(8, 6, 6, 2), 2*(9*2+6) + 2*(9*6+6) + 2*(2+6), 2*6*3 + 6 + 3},
		{"unet", arch.UNet{Stages: []arch.Stage{{Channels: 3}, {Channels: 4, Stride: 2}}}, wave(8, 6, 6, 2),
			2*(9*2+3) + 2*(9*3+4) + 2*(9*4+3) + 2*(9*6+3), 3*(2*3*3+3+3) + 2*4*3 + 4 + 3},
		{"fpn", arch.FPN{BottomUp: arch.Residual{Stages: []arch.Stage{{Channels: 2}}}, Width: 4}, wave(8, 6, 6, 2), 2 * (2*(9*2+2) + (2 + 4) + (9*4 + 4)), 2*2*3 + 2 + 3},
		{"gru", arch.GRU{Width: 4}, wave(8, 5, 3), 2 * (3 + 12), 0},
		{"transformer", arch.Text{Embedding: words, Layers: []arch.Trunk{arch.Transformer{Layers: 2, Heads: 2, Hidden: 10}}}, eightTexts,
			2 * 2 * (4*(8+8) + (8 + 10) + (10 + 8)), 2 * 2 * (2*8*3 + 8 + 3)},
		{"a part of a sequence", arch.Sequence{words, arch.Dense{Widths: []int{4}}}, eightTexts, 2 * (40 + 4), 2*4*3 + 4 + 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := backendtest.Go(t)
			store := seeded(1)
			want := features(t, b, store, arch.HardSharing{Trunk: c.trunk}, false, c.input)[0]
			variables := store.Scope("/shared").NumVariables()
			for i, got := range features(t, b, store, arch.LoRA{Trunk: c.trunk, Rank: 2}, false, c.input) {
				near(t, "LoRA of "+twoTasks[i].Name, got, want)
				if n := owned(store, twoTasks[i].Name); n != c.lora {
					t.Errorf("LoRA stores %d numbers for %s; wanted %d", n, twoTasks[i].Name, c.lora)
				}
			}
			if n := store.Scope("/shared").NumVariables(); n != variables {
				t.Errorf("LoRA makes %d shared variables more", n-variables)
			}
			if c.adapters == 0 {
				return
			}
			check(t, store.DeleteVariablesInScope("/task"))
			for i, got := range features(t, b, store, arch.Adapters{Trunk: c.trunk, Width: 3}, false, c.input) {
				difference := 0.0
				for k := range got {
					difference = max(difference, math.Abs(got[k]-want[k]))
				}
				if !(difference > 0 && difference < 0.05) {
					t.Errorf("adapters of %s change the representation by up to %v at the start; wanted little", twoTasks[i].Name, difference)
				}
				if n := owned(store, twoTasks[i].Name); n != c.adapters {
					t.Errorf("adapters store %d numbers for %s; wanted %d", n, twoTasks[i].Name, c.adapters)
				}
			}
		})
	}
}

// product multiplies a [n, k] by b [k, m].
func product(a, b []float64, k int) []float64 {
	n, m := len(a)/k, len(b)/k
	out := make([]float64, n*m)
	for i := range n {
		for j := range m {
			for l := range k {
				out[i*m+j] += a[i*k+l] * b[l*m+j]
			}
		}
	}
	return out
}

func plus(a, b []float64, factor float64) []float64 {
	out := slices.Clone(a)
	for i := range out {
		out[i] += factor * b[i%len(b)]
	}
	return out
}

func positive(a []float64) []float64 {
	out := slices.Clone(a)
	for i := range out {
		out[i] = max(out[i], 0)
	}
	return out
}

// y = ReLU(x·(W + (α/r)·A·B) + b), and adapters y + ReLU(y·D + d)·U + u, with parts that are random at all.
func TestTaskPassesByHand(t *testing.T) {
	x := wave(8, 5)
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store := seeded(1)
		for _, v := range []struct {
			path string
			dims []int
		}{
			{"/shared/layer_0/dense/biases", []int{4}},
			{"/task/class/lora/layer_0/b/dense/weights", []int{2, 4}}, {"/task/value/lora/layer_0/b/dense/weights", []int{2, 4}},
			{"/task/class/adapter/layer_0/down/dense/weights", []int{4, 3}}, {"/task/class/adapter/layer_0/down/dense/biases", []int{3}},
			{"/task/class/adapter/layer_0/up/dense/weights", []int{3, 4}}, {"/task/class/adapter/layer_0/up/dense/biases", []int{4}},
		} {
			_, err := store.CreateVariable(v.path, wave(v.dims...))
			check(t, err)
		}
		trunk := arch.Dense{Widths: []int{4}}
		got := features(t, b, store, arch.LoRA{Trunk: trunk, Rank: 2, Alpha: 3}, false, x)
		w, bias := value(t, store, "/shared/layer_0/dense/weights"), value(t, store, "/shared/layer_0/dense/biases")
		for i, task := range []string{"class", "value"} {
			at := "/task/" + task + "/lora/layer_0/"
			change := product(value(t, store, at+"a/dense/weights"), value(t, store, at+"b/dense/weights"), 2)
			near(t, "LoRA of "+task, got[i], positive(plus(product(numbers(t, x), plus(w, change, 1.5), 5), bias, 1)))
		}
		y := positive(plus(product(numbers(t, x), w, 5), bias, 1))
		at := "/task/class/adapter/layer_0/"
		hidden := positive(plus(product(y, value(t, store, at+"down/dense/weights"), 4), value(t, store, at+"down/dense/biases"), 1))
		want := plus(plus(y, product(hidden, value(t, store, at+"up/dense/weights"), 3), 1), value(t, store, at+"up/dense/biases"), 1)
		near(t, "adapter", features(t, b, store, arch.Adapters{Trunk: trunk, Width: 3}, false, x)[0], want)
	})
}

// With the trunk frozen, training changes variables of the tasks only, each task has its own, and losses fall.
func TestFrozenTrunkWithOwnParts(t *testing.T) {
	trunk := arch.Text{Embedding: words, Layers: []arch.Trunk{arch.Transformer{Layers: 1, Heads: 2, Normalization: arch.BatchNorm}}, Pool: arch.PoolMean}
	classes := tensors.FromValue([]int32{0, 1, 2, 0, 1, 2, 0, 1})
	for name, a := range map[string]mtl.Architecture{"LoRA": arch.LoRA{Trunk: trunk}, "adapters": arch.Adapters{Trunk: trunk, Width: 4}} {
		t.Run(name, func(t *testing.T) {
			backendtest.Each(t, func(t *testing.T, b compute.Backend) {
				if b.Name() == "xla" && name != "LoRA" {
					return // It takes seconds to compile, of the same operations.
				}
				m := &mtl.Model{Arch: a, Tasks: twoTasks}
				store := seeded(1)
				features(t, b, store, arch.HardSharing{Trunk: trunk}, false, eightTexts)
				mtl.Freeze(store, "shared")
				before := map[string][]float64{}
				for v := range store.Scope("/shared").IterVariables() {
					before[v.Path()] = numbers(t, v.MustValue())
				}
				h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: &mtl.Split{
					Inputs: copies(t, eightTexts), Labels: map[string]*tensors.Tensor{"class": copies(t, classes)[0], "value": wave(8)},
				}},
					mtl.FitOptions{Backend: b, Store: store, Steps: 20, BatchSize: 8, RecordEvery: 1, LearningRate: 0.01, Log: quiet})
				check(t, err)
				for _, task := range []string{"class", "value"} {
					if losses := h.Loss(history.Train, task).Values; !(losses[19] < losses[0]) {
						t.Errorf("losses of %s %v do not fall", task, losses)
					}
				}
				for path, want := range before {
					if !slices.Equal(value(t, store, path), want) {
						t.Errorf("the frozen %s changed", path)
					}
				}
				if b.Name() == "xla" {
					return
				}
				byPath := gradients(t, b, store, &mtl.Model{Arch: a, Tasks: twoTasks[:1]}, []*tensors.Tensor{eightTexts}, []*tensors.Tensor{classes})
				for path, sum := range byPath {
					if !strings.HasPrefix(path, "/task/class/") {
						t.Errorf("the first task has a gradient on %s", path)
					}
					if !(sum > 0) && !strings.Contains(path, "/key/") {
						t.Errorf("the gradient on %s is %v", path, sum)
					}
				}
			})
		})
	}
}

// The trunk's regularisation counts once, not once a task.
func TestTaskPassesAreRegularizedOnce(t *testing.T) {
	for name, trunk := range map[string]arch.Trunk{
		"dense": arch.Sequence{arch.Dense{Widths: []int{5, 4}, L1: 0.1, L2: 0.3}}, "conv": arch.Conv{Stages: stages, L1: 0.1, L2: 0.3},
	} {
		store := seeded(1)
		outputs, err := execute(backendtest.Go(t), store, []*tensors.Tensor{wave(8, 6, 6, 2)}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			x := arch.Adapters{Trunk: trunk}.Features(scope, nodes, twoTasks)
			return []*graph.Node{train.GetRegularizationLoss(x[0].Graph()), x[0], x[1]}
		})
		check(t, err)
		want := 0.0
		for v := range store.Scope("/shared").IterVariables() {
			if v.Name() == "weights" {
				for _, w := range numbers(t, v.MustValue()) {
					want += 0.1*math.Abs(w) + 0.3*w*w
				}
			}
		}
		near(t, name, numbers(t, outputs[0]), []float64{want})
	}
}

func TestChosenLayers(t *testing.T) {
	trunk := arch.Text{Embedding: words, Layers: []arch.Trunk{arch.Transformer{Layers: 2, Heads: 2}}}
	store := seeded(1)
	features(t, backendtest.Go(t), store, arch.LoRA{Trunk: trunk, Layers: func(layer string) bool {
		return strings.HasSuffix(layer, "/query") || strings.HasSuffix(layer, "/value")
	}}, false, eightTexts)
	if got, want := owned(store, "class"), 2*2*4*(8+8); got != want {
		t.Errorf("LoRA of rank 4 on queries and values stores %d numbers; wanted %d", got, want)
	}
	store = seeded(1)
	features(t, backendtest.Go(t), store, arch.Adapters{Trunk: trunk, Units: func(unit string) bool { return unit == "layer_0/layer_1/feed_forward" }}, false, eightTexts)
	if got, want := owned(store, "class"), 2*8*64+64+8; got != want {
		t.Errorf("one adapter of the standard width stores %d numbers; wanted %d", got, want)
	}
}

func TestBranched(t *testing.T) {
	maps := wave(8, 6, 6, 2)
	early, late := arch.Conv{Stages: stages}, arch.Sequence{arch.Residual{Stages: stages[:1]}, arch.Dense{Widths: []int{5}}}
	b := backendtest.Go(t)
	m := &mtl.Model{Arch: arch.Branched{Trunk: early, Own: late}, Tasks: twoTasks}
	store := seeded(1)
	for path, sum := range gradients(t, b, store, m, []*tensors.Tensor{maps}, []*tensors.Tensor{tensors.FromValue([]int32{0, 1, 2, 0, 1, 2, 0, 1}), wave(8)}) {
		if !(sum > 0) {
			t.Errorf("the gradient on %s is %v", path, sum)
		}
	}
	// Three convolutions are shared; a residual block with a shortcut, a dense layer and the head belong to each task.
	if shared, own := partition(t, store, m); shared != 6 || own["class"] != 10 || own["value"] != 10 {
		t.Errorf("%d shared variables, by task %v; wanted 6, and 10 each", shared, own)
	}
	both := features(t, b, store, m.Arch, false, maps)
	h := represent(t, b, seededLike(t, store, "/shared"), early, false, maps)
	near(t, "its own trunk on the shared one", both[1], numbers(t, represent(t, b, seededLike(t, store, "/task/value/trunk"), late, false, h)))

	store = seeded(1)
	m.Arch = arch.Branched{Own: late}
	features(t, b, store, m.Arch, false, maps)
	if shared, own := partition(t, store, m); shared != 0 || own["class"] != 8 {
		t.Errorf("%d shared variables, by task %v; wanted 0, and 8 each", shared, own)
	}
}

// seededLike returns a store with the variables below a path, moved to the root.
func seededLike(t *testing.T, store *model.Store, below string) *model.Store {
	t.Helper()
	out := model.NewStore()
	for v := range store.Scope(below).IterVariables() {
		copied, err := v.MustValue().LocalClone()
		check(t, err)
		_, err = out.CreateVariable(strings.TrimPrefix(v.Path(), below), copied)
		check(t, err)
	}
	return out
}

func TestBadTaskPasses(t *testing.T) {
	b := backendtest.Go(t)
	rows := []*tensors.Tensor{wave(2, 3)}
	dense := arch.Dense{Widths: []int{4}}
	of := func(a mtl.Architecture) arch.Trunk {
		return arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
			return a.Features(scope, inputs, twoTasks)[0]
		})
	}
	identity := arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node { return inputs[0] })
	wantPanic(t, b, of(arch.LoRA{}), rows, "arch.LoRA has no trunk")
	wantPanic(t, b, of(arch.LoRA{Trunk: dense, Rank: -1}), rows, "Rank -1")
	wantPanic(t, b, of(arch.LoRA{Trunk: dense, Alpha: -1}), rows, "Alpha -1")
	wantPanic(t, b, of(arch.LoRA{Trunk: identity}), rows, "arch.LoRA changes no layer")
	wantPanic(t, b, of(arch.LoRA{Trunk: dense, Layers: func(string) bool { return false }}), rows, "changes no layer")
	wantPanic(t, b, of(arch.Adapters{}), rows, "arch.Adapters has no trunk")
	wantPanic(t, b, of(arch.Adapters{Trunk: dense, Width: -2}), rows, "Width -2")
	wantPanic(t, b, of(arch.Adapters{Trunk: arch.GRU{Width: 2}}), []*tensors.Tensor{wave(2, 3, 3)}, "arch.Adapters changes no layer")
	wantPanic(t, b, of(arch.Branched{Trunk: dense}), rows, "set Own")
}
