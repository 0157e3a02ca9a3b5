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
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Of equal rows W the trace norm is √T·‖w‖ with gradient w/(√T·‖w‖), of orthogonal rows the sum of their lengths l, of zeros 0 without a gradient.
// Small singular values are smoothed: √(l² + 1e-10·tr(WWᵀ)) has the gradient l/√(l² + 1e-10·tr(WWᵀ)).
func TestTraceNormOfSingularMatrices(t *testing.T) {
	r2 := math.Sqrt2
	matrices := []*tensors.Tensor{
		tensors.FromValue([][]float32{{3, 4, 0}, {3, 4, 0}}), tensors.FromValue([][]float32{{2, 0, 0}, {0, 0, 1e-3}}), tensors.FromValue([][]float32{{0, 0}, {0, 0}}),
		tensors.FromValue([][]float32{{1e6, 0}, {0, 1}}),
	}
	norms := []float64{5 * r2, 2.001, 0, 1e6 + 1}
	smooth := func(length, trace float64) float64 { return length / math.Sqrt(length*length+1e-10*trace) }
	want := [][]float64{{.6 / r2, .8 / r2, 0, .6 / r2, .8 / r2, 0}, {1, 0, 0, 0, 0, smooth(1e-3, 4)}, {0, 0, 0, 0}, {1, 0, 0, smooth(1, 1e12)}}
	outputs, err := execute(backendtest.Go(t), seeded(1), matrices, func(_ *model.Scope, nodes []*graph.Node) []*graph.Node {
		norm := arch.TraceNorm{}.Penalty(nodes)
		return append(graph.Gradient(norm, nodes...), norm, arch.TraceNorm{}.Penalty(nodes[:1]), arch.TraceNorm{}.Penalty(nodes[1:3]))
	})
	check(t, err)
	for i := range matrices {
		near(t, "gradient", numbers(t, outputs[i]), want[i])
	}
	near(t, "all", numbers(t, outputs[4]), []float64{norms[0] + norms[1] + norms[2] + norms[3]})
	near(t, "equal rows", numbers(t, outputs[5]), norms[:1])
	near(t, "orthogonal rows", numbers(t, outputs[6]), norms[1:2])
}

// A strong tie to a frozen tower carries the other one there; the history has the distance that is left.
func TestSoftSharingWithAFrozenTower(t *testing.T) {
	store := seeded(1)
	m := &mtl.Model{Arch: arch.SoftSharing{Tower: layerOf(4), Amount: 100}, Tasks: []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)}}
	split := &mtl.Split{Inputs: []*tensors.Tensor{wave(8, 3)}, Labels: map[string]*tensors.Tensor{"a": wave(8), "b": wave(8)}}
	mtl.Freeze(store, "shared/tower_a")
	h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, mtl.FitOptions{Backend: backendtest.Go(t), Store: store, Steps: 800, LearningRate: 0.005, Log: unlogged})
	check(t, err)
	_, distance := h.Values("tower/distance")
	first, last := distance[0], distance[len(distance)-1]
	if !(first[1] > 0.5 && last[1] < 0.05) || first[0] != 0 || first[1] != first[2] {
		t.Errorf("distances go from %v to %v; wanted them to fall to nearly 0", first, last)
	}
	sum := 0.0
	for _, name := range []string{"weights", "biases"} {
		a, b := value(t, store, "/shared/tower_a/layer_0/dense/"+name), value(t, store, "/shared/tower_b/layer_0/dense/"+name)
		for i := range a {
			sum += (a[i] - b[i]) * (a[i] - b[i])
		}
	}
	if math.Abs(math.Sqrt(sum)-last[1]) > 0.01 {
		t.Errorf("the towers are %v apart; the last distance recorded is %v", math.Sqrt(sum), last[1])
	}
	if !slices.Contains(mtl.Hyperparameters(store), "shared/tie") {
		t.Errorf("hyper-parameters %q lack shared/tie", mtl.Hyperparameters(store))
	}
}

// α and W begin as the papers say; with Own 1, or one task, a tower is what it is alone.
func TestFusionsBeginNearlyApart(t *testing.T) {
	b := backendtest.Go(t)
	two := []arch.Trunk{layerOf(3), layerOf(2)}
	square := func(h []*graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Square(h[0])) }
	plainly := func(_ *model.Scope, x *graph.Node) *graph.Node { return x }
	x := wave(6, 4)

	store := seeded(1)
	runExperts(t, b, arch.CrossStitch{Stages: two}, []string{"a", "b", "c"}, store, false, x, square)
	near(t, "α", value(t, store, "/shared/stitch_1/alpha"), []float64{.9, .05, .05, .05, .9, .05, .05, .05, .9})
	store = seeded(1)
	runExperts(t, b, arch.CrossStitch{Stages: two, PerChannel: true, Own: 0.6}, []string{"a", "b"}, store, false, x, square)
	near(t, "α per channel", value(t, store, "/shared/stitch_1/alpha"), []float64{.6, .6, .4, .4, .4, .4, .6, .6})
	store = seeded(1)
	runExperts(t, b, arch.NDDR{Stages: two}, []string{"a", "b"}, store, false, x, square)
	near(t, "W", value(t, store, "/shared/nddr_1/weights"), []float64{.9, 0, 0, .9, .1, 0, 0, .1, .1, 0, 0, .1, .9, 0, 0, .9})

	for _, a := range []mtl.Architecture{arch.CrossStitch{Stages: two, Own: 1}, arch.NDDR{Stages: two, Own: 1, Normalization: plainly}} {
		store = seeded(1)
		r := runExperts(t, b, a, []string{"a", "b"}, store, false, x, square)
		for i, name := range []string{"a", "b"} {
			alone := model.NewStore()
			for level := range two {
				for v := range store.Scope("/shared/tower_" + name).IterVariables() {
					part := strings.TrimPrefix(v.Path(), "/shared/tower_"+name+"/")
					if !strings.HasPrefix(part, "stage_"+string(rune('0'+level))) {
						continue
					}
					copied, err := v.MustValue().LocalClone()
					check(t, err)
					_, err = alone.CreateVariable("/"+strings.Replace(part, "stage", "part", 1), copied)
					check(t, err)
				}
			}
			near(t, "the tower of "+name, r.features[i], numbers(t, represent(t, b, alone, arch.Sequence(two), false, x)))
		}
		runExperts(t, b, a, []string{"only"}, seeded(1), true, x, square)
	}
}

// The logit of a product of probabilities, in float64 by another formula, and its gradient, (1-σ(a))/(1-σ(a)σ(b)), where float32 probabilities are 0
// or 1.
func TestESMMAtTheEnds(t *testing.T) {
	pairs := [][2]float64{{0, 0}, {3, -2}, {-60, -60}, {60, 60}, {60, -60}, {-90, 3}, {2, 30}, {20, 20}}
	x := make([][]float32, len(pairs))
	for i, p := range pairs {
		x[i] = []float32{float32(p[0]), float32(p[1])}
	}
	given := arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node { return inputs[0] })
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		store := model.NewStore()
		for i, name := range []string{"a", "b"} {
			weights := [][]float32{{0}, {0}}
			weights[i][0] = 1
			store.Scope("/task/"+name+"/logit/dense").VariableWithValue("weights", weights)
			store.Scope("/task/"+name+"/logit/dense").VariableWithValue("biases", []float32{0})
		}
		a := arch.ESMM{Arch: arch.HardSharing{Trunk: given}}
		tasks := binaryTasks(a)[:2]
		outputs, err := execute(backend, store, []*tensors.Tensor{tensors.FromValue(x)}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			h := a.Features(scope, nodes, tasks)
			return append(append(h, graph.Gradient(graph.ReduceAllSum(h[1]), nodes[0])...), a.Conditional().Features(scope, nodes, tasks)...)
		})
		check(t, err)
		logits, gradient := numbers(t, outputs[1]), numbers(t, outputs[2])
		for i, p := range pairs {
			near(t, "first logit", numbers(t, outputs[0])[i:i+1], p[:1])
			near(t, "conditional logits", []float64{numbers(t, outputs[3])[i], numbers(t, outputs[4])[i]}, p[:])
			// 1/p - 1 = (1+e^-a)(1+e^-b) - 1
			near(t, "logit of the product", logits[i:i+1], []float64{-math.Log(math.Exp(-p[0]) + math.Exp(-p[1]) + math.Exp(-p[0]-p[1]))})
			no := func(z float64) float64 { return 1 / (1 + math.Exp(z)) }
			rest := no(p[0]) + no(p[1]) - no(p[0])*no(p[1])
			near(t, "gradient", gradient[2*i:2*i+2], []float64{no(p[0]) / rest, no(p[1]) / rest})
		}
	})
}

// Rows without a click teach the second task, too: pCVR comes out right although its rate among clicked rows is another than among all.
func TestESMMConditional(t *testing.T) {
	// Of each kind of row: how many of ten click, and how many of those convert.
	kinds := []struct{ click, convert float64 }{{0.8, 0.25}, {0.2, 0.5}, {0.5, 0.8}}
	var x [][]float32
	var click, both []float32
	for k, kind := range kinds {
		for i := range 40 {
			row := make([]float32, len(kinds))
			row[k] = 1
			x = append(x, row)
			clicks, converts := float64(i) < 40*kind.click, float64(i) < 40*kind.click*kind.convert
			click, both = append(click, number(clicks)), append(both, number(converts))
		}
	}
	a := arch.ESMM{Arch: arch.HardSharing{Trunk: layerOf(8)}}
	head := mtl.WithHead(arch.LogitHead{})
	m := &mtl.Model{Arch: a, Tasks: []mtl.Task{mtl.Binary("click", head), mtl.Binary("both", head)}}
	split := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromValue(x)}, Labels: map[string]*tensors.Tensor{"click": tensors.FromValue(click), "both": tensors.FromValue(both)}}
	b, store := backendtest.Go(t), seeded(1)
	_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, mtl.FitOptions{Backend: b, Store: store, Steps: 1500, BatchSize: 120, LearningRate: 0.02, Log: unlogged})
	check(t, err)
	m.Arch = a.Conditional()
	predictions, err := mtl.Predict(context.Background(), b, store, m, tensors.FromValue([][]float32{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}))
	check(t, err)
	for k, kind := range kinds {
		for task, want := range []float64{kind.click, kind.convert} {
			if got := 1 / (1 + math.Exp(-numbers(t, predictions[task])[k])); math.Abs(got-want) > 0.01 {
				t.Errorf("kind %d, task %d: a probability of %v; wanted %v", k, task, got, want)
			}
		}
	}
}

func number(yes bool) float32 {
	if yes {
		return 1
	}
	return 0
}

// Where features are the same for all examples, normalised ones are 0 and masks ½: of 2 a task takes 1. (On maps the zeros around them make a
// difference.)
func TestMTANBeginsWithHalfMasks(t *testing.T) {
	constant := func(v float64) arch.Trunk {
		return arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node {
			return graph.AddScalar(graph.ZerosLike(inputs[0]), v)
		})
	}
	a := arch.MTAN{Stages: []arch.AttentionStage{{First: constant(1)}, {First: constant(1), Second: constant(2)}}}
	for _, v := range slices.Concat(features(t, backendtest.Go(t), seeded(1), a, true, wave(3, 4))...) {
		if math.Abs(v-1) > 1e-6 {
			t.Fatalf("a feature is %v; wanted 1, half of 2", v)
		}
	}
}

func TestBadCoupledModels(t *testing.T) {
	b := backendtest.Go(t)
	rows, maps := []*tensors.Tensor{wave(2, 3)}, []*tensors.Tensor{wave(2, 6, 6, 1)}
	want := func(a mtl.Architecture, inputs []*tensors.Tensor, parts ...string) {
		t.Helper()
		wantPanic(t, b, arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
			scope.Store().SetTraining(inputs[0].Graph(), true)
			return a.Features(scope, inputs, []mtl.Task{mtl.Binary("a"), mtl.Binary("b")})[0]
		}), inputs, parts...)
	}
	two := []arch.Trunk{layerOf(3), layerOf(2)}
	calls := 0
	uneven := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		calls++
		return layerOf(3+calls%2).Represent(scope, inputs)
	})
	want(arch.SoftSharing{}, rows, "arch.SoftSharing", "set Tower")
	want(arch.SoftSharing{Tower: layerOf(2), Amount: -1}, rows, "Amount -1")
	want(arch.SoftSharing{Tower: uneven}, rows, "layer_0/dense/weights", "the same for each task")
	want(arch.SoftSharing{Tower: arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node { return inputs[0] })}, rows, "no trainable variables")
	want(arch.CrossStitch{}, rows, "arch.CrossStitch has no stages")
	want(arch.CrossStitch{Stages: []arch.Trunk{layerOf(2), nil}}, rows, "stage 1 of arch.CrossStitch is nil")
	want(arch.CrossStitch{Stages: []arch.Trunk{uneven}}, rows, "stage 0 of arch.CrossStitch", `"b"`, "one shape")
	want(arch.CrossStitch{Stages: two, Own: 1.5}, rows, "Own 1.5")
	want(arch.NDDR{}, rows, "arch.NDDR has no stages")
	want(arch.NDDR{Stages: two, Own: -1}, rows, "arch.NDDR has Own -1")
	want(arch.MTAN{}, rows, "arch.MTAN has no stages")
	want(arch.MTAN{Stages: []arch.AttentionStage{{Second: layerOf(2)}}}, rows, "stage 0 of arch.MTAN has no First")
	want(arch.MTAN{Stages: []arch.AttentionStage{{First: mapsOf(2, 1), Second: mapsOf(2, 2)}}}, maps, "put strides in First")
	want(arch.MTAN{Stages: []arch.AttentionStage{{First: mapsOf(2, 1)}, {First: layerOf(2)}}}, maps, "all on maps or all on vectors")
	want(arch.MTAN{Stages: []arch.AttentionStage{{First: mapsOf(2, 1)}, {First: arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node {
		return graph.SliceAxis(inputs[0], 1, graph.AxisRange(0, 3))
	})}}}, maps, "stage 1 of arch.MTAN", "one stride")
	want(arch.ESMM{}, rows, "arch.ESMM has no architecture")
	want(arch.ESMM{Arch: arch.HardSharing{Trunk: layerOf(2)}}, rows, `task "a"`, "mtl.DenseHead", "arch.LogitHead")
	want(arch.Calibrated{Amount: math.NaN()}, rows, "Amount NaN")
	want(arch.AITM{}, rows, "arch.AITM", "set Tower")
	want(arch.AITM{Tower: layerOf(3), Transfer: layerOf(2)}, rows, "Transfer of arch.AITM", `"b"`)
	want(arch.DBMTL{Tower: layerOf(3)}, rows, "arch.DBMTL", "two trunks")
	want(arch.DBMTL{Tower: layerOf(3), Relation: layerOf(3), After: map[string][]string{"a": {"c"}}}, rows, `"c"`, `["a" "b"]`)
	want(arch.DBMTL{Tower: layerOf(3), Relation: layerOf(3), After: map[string][]string{"a": {"b"}, "b": {"a"}}}, rows, "depends on itself")
	want(arch.LTB{}, rows, "arch.LTB has 0 stages")
	want(arch.LTB{Stages: two}, rows, "Steps 0", "number of training steps")
	want(arch.LTB{Stages: two, Steps: 10, Final: 20}, rows, "Final 20")
	want(arch.LTB{Stages: []arch.Trunk{uneven}, Steps: 10}, rows, "branch 1", "one shape")
	want(arch.LTB{Stages: two, Fixed: &arch.Branching{Parents: [][]int{{0, 2}}, Tasks: map[string]int{"a": 0, "b": 1}}}, rows, "Fixed of arch.LTB", "from 0 to 1")
	wantPanic(t, b, arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return arch.LogitHead{}.Predict(scope, inputs[0])
	}), rows, "arch.LogitHead", "[batch]")
}
