package arch_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

var unlogged = slog.New(slog.DiscardHandler)

// Each expert begins as a layer of its own would: with the fan-in and fan-out of one expert, and biases of 0.
func TestExpertsAreInitialisedOneByOne(t *testing.T) {
	const experts, in, out = 6, 50, 80
	for _, c := range []struct {
		name        string
		initializer arch.Initializer
		variance    float64
	}{
		{"He", nil, 2.0 / in},
		{"Glorot", initializer.GlorotUniformFn, 2.0 / (in + out)},
	} {
		store := seeded(1)
		m := arch.MMoE{Expert: arch.Dense{Widths: []int{out, out}, Initializer: c.initializer}, Experts: experts}
		r := runExperts(t, backendtest.Go(t), m, []string{"a"}, store, false, wave(2, in), func(h []*graph.Node) *graph.Node { return graph.ReduceAllSum(h[0]) })
		if len(r.features[0]) != 2*out {
			t.Errorf("%d outputs", len(r.features[0]))
		}
		weights := value(t, store, "/shared/experts/layer_0/dense/weights")
		for i := range experts {
			variance := 0.0
			for _, w := range weights[i*in*out : (i+1)*in*out] {
				variance += w * w / (in * out)
			}
			if math.Abs(variance/c.variance-1) > 0.1 {
				t.Errorf("%s: the weights of expert %d have variance %v; wanted %v", c.name, i, variance, c.variance)
			}
			if i > 0 && slices.Equal(weights[:in*out], weights[i*in*out:(i+1)*in*out]) {
				t.Errorf("%s: expert %d begins as expert 0", c.name, i)
			}
		}
		for _, b := range value(t, store, "/shared/experts/layer_1/dense/biases") {
			if b != 0 {
				t.Errorf("%s: a bias begins at %v", c.name, b)
			}
		}
	}
}

// One batched product computes what as many trunks do, regularisation and normalisation included.
func TestBatchedExpertsLikeSingleOnes(t *testing.T) {
	const experts = 3
	b, x := backendtest.Go(t), wave(6, 3)
	square := func(h []*graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Square(h[0])) }
	for name, normalization := range map[string]arch.Normalization{"none": nil, "batch norm": arch.BatchNorm, "layer norm": arch.LayerNorm,
		"of one's own": func(scope *model.Scope, x *graph.Node) *graph.Node { return arch.LayerNorm(scope.At("own"), x) }} {
		t.Run(name, func(t *testing.T) {
			d := arch.Dense{Widths: []int{5, 4}, Normalization: normalization, Activation: graph.Tanh, L1: 0.1, L2: 0.2}
			run := func(expert arch.Trunk, store *model.Store) expertRun {
				return runExperts(t, b, arch.MMoE{Expert: expert, Experts: experts}, []string{"a"}, store, true, x, square)
			}
			store := seeded(1)
			run(d, store) // makes the variables, which then get values without a pattern
			for v := range store.IterVariables() {
				if v.Trainable {
					check(t, v.SetValue(wave(v.Shape().Dimensions...)))
				}
			}
			one := model.NewStore()
			set := func(at string, values *tensors.Tensor) {
				one.Scope(path.Dir(at)).VariableWithValue(path.Base(at), values)
			}
			alone := regexp.MustCompile("experts/(layer_.)/(expert_.)/")
			for v := range store.IterVariables() {
				at, dims := v.Path(), v.Shape().Dimensions
				switch {
				case !v.Trainable:
				case !strings.HasPrefix(at, "/shared/experts/") || alone.MatchString(at):
					set(alone.ReplaceAllString(at, "experts/$2/$1/"), wave(dims...))
				default: // [experts, ...] or [experts·width]
					if dims = dims[1:]; len(dims) == 0 {
						dims = []int{v.Shape().Size() / experts}
					}
					values, size := value32(t, store, at), v.Shape().Size()/experts
					for i := range experts {
						set(strings.Replace(at, "experts/", fmt.Sprintf("experts/expert_%d/", i), 1), tensors.FromFlatDataAndDimensions(values[i*size:(i+1)*size], dims...))
					}
				}
			}
			batched, each := run(d, store), run(arch.TrunkFunc(d.Represent), one) // a TrunkFunc hides that it is a Dense
			near(t, "representation", batched.features[0], each.features[0])
			near(t, "regularisation", []float64{batched.regularization}, []float64{each.regularization})
			for _, layer := range []string{"layer_0", "layer_1"} {
				var want []float64
				for i := range experts {
					want = append(want, each.gradients[fmt.Sprintf("/shared/experts/expert_%d/%s/dense/weights", i, layer)]...)
				}
				near(t, "gradient on the weights of "+layer, batched.gradients["/shared/experts/"+layer+"/dense/weights"], want)
			}
		})
	}
}

func value32(t *testing.T, store *model.Store, path string) []float32 {
	t.Helper()
	out := []float32{}
	for _, v := range value(t, store, path) {
		out = append(out, float32(v))
	}
	return out
}

// itself is a trunk whose i-th use gives the i-th unit vector, so that a mixture of them is the gate.
func itself(count int) arch.Trunk {
	next := 0
	return arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node {
		unit := make([]float32, count)
		unit[next%count] = 1
		next++
		return graph.BroadcastToDims(graph.Const(inputs[0].Graph(), [][]float32{unit}), inputs[0].Shape().Dimensions[0], count)
	})
}

// For every number of experts the weights add up to 1, with digits inside and outside of the smooth step; digits outside choose one expert for each selector, and each expert can be chosen.
func TestDSelectKWeights(t *testing.T) {
	const k = 2
	b := backendtest.Go(t)
	for _, count := range []int{2, 3, 4, 5, 7, 8, 11} {
		digits := int(math.Ceil(math.Log2(float64(count))))
		chosen := map[int]bool{}
		for code := range 1 << digits {
			for _, scale := range []float32{0.3, 0.75} { // of γ; half of it chooses
				z, zeros := make([]float32, k*digits), make([]float32, k)
				for i := range digits {
					z[i], z[digits+i] = -scale, scale
					if code>>i&1 == 1 {
						z[i] = scale
					}
				}
				store := model.NewStore()
				store.Scope("/task/a/gate").VariableWithValue("codes", tensors.FromFlatDataAndDimensions(z, k, digits))
				store.Scope("/task/a/gate").VariableWithValue("logits", zeros)
				d := arch.DSelectK{Expert: itself(count), Experts: count, Static: true}
				outputs, err := execute(b, store, []*tensors.Tensor{wave(2, 3)}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
					return d.Features(scope, nodes, []mtl.Task{mtl.Regression("a", 1)})
				})
				check(t, err)
				sum, nonzero := 0.0, 0
				for i, v := range numbers(t, outputs[0])[:count] {
					sum += v
					if v != 0 {
						nonzero++
					}
					if v >= 0.5 {
						chosen[i] = true
					}
				}
				if math.Abs(sum-1) > 1e-6 || (scale > 0.5 && nonzero > k) || (scale < 0.5 && nonzero != count) {
					t.Errorf("%d experts, code %b, digits ±%v: weights %v", count, code, scale, numbers(t, outputs[0])[:count])
				}
			}
		}
		if len(chosen) != count {
			t.Errorf("of %d experts only %v can be chosen", count, chosen)
		}
	}
}

// Training with the entropy term ends in a choice of at most k experts for each task, and the history has the gates.
func TestDSelectKConverges(t *testing.T) {
	const count = 6
	rows := 32
	x, y := make([]float32, rows*3), [2][]float32{make([]float32, rows), make([]float32, rows)}
	for i := range rows {
		for j := range 3 {
			x[3*i+j] = float32(math.Sin(float64(3*i+j) * 1.7))
		}
		y[0][i], y[1][i] = x[3*i]-x[3*i+1], x[3*i+2]*x[3*i]
	}
	m := &mtl.Model{Arch: arch.DSelectK{Expert: arch.Dense{Widths: []int{8}}, Experts: count, Static: true, Entropy: 0.05},
		Tasks: []mtl.Task{mtl.Regression("difference", 1), mtl.Regression("product", 1)}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		split := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, rows, 3)},
			Labels: map[string]*tensors.Tensor{"difference": tensors.FromValue(y[0]), "product": tensors.FromValue(y[1])}}
		h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, mtl.FitOptions{Backend: backend, Steps: 600, LearningRate: 0.02, Seed: 3, Log: unlogged})
		check(t, err)
		q, found := h.Quantity("gate/level_0")
		if !found || !slices.Equal(q.Rows, m.TaskNames()) || len(q.Columns) != count || q.Columns[5] != "expert_5" {
			t.Fatalf("the history has quantity %v", q)
		}
		_, gates := h.Values(q.Name)
		_, entropies := h.Values("gate/entropy")
		first, last := gates[0], gates[len(gates)-1]
		for task := range 2 {
			sums, nonzero := [2]float64{}, 0
			for i := range count {
				sums[0] += first[task*count+i]
				sums[1] += last[task*count+i]
				if last[task*count+i] > 0 {
					nonzero++
				}
			}
			if math.Abs(sums[0]-1) > 1e-5 || math.Abs(sums[1]-1) > 1e-5 || nonzero > 2 {
				t.Errorf("task %d: gates begin as %v and end as %v; wanted sums of 1, and at most 2 experts in the end", task, first, last)
			}
		}
		if e := entropies[0]; !(e[0] > 3 && e[1] > 3) {
			t.Errorf("entropy begins at %v; wanted about 2·log 6", e)
		}
		if e := entropies[len(entropies)-1]; e[0] != 0 || e[1] != 0 {
			t.Errorf("entropy ends at %v; wanted 0", e)
		}
	})
}

// A gate of PLE does not see other tasks' own experts; the shared gate sees all. The last level has none.
func TestPLEReportsGates(t *testing.T) {
	m := &mtl.Model{Arch: arch.PLE{Levels: []arch.ExpertLevel{{Expert: arch.Dense{Widths: []int{4}}, Shared: 2}, {Expert: arch.Dense{Widths: []int{3}}, OwnOf: map[string]int{"b": 2}}}},
		Tasks: []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)}}
	split := &mtl.Split{Inputs: []*tensors.Tensor{wave(8, 3)}, Labels: map[string]*tensors.Tensor{"a": wave(8), "b": wave(8)}}
	h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: split}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 2, Log: unlogged})
	check(t, err)
	for _, c := range []struct {
		name          string
		rows, columns []string
		sees          [][]bool
	}{
		{"gate/level_0", []string{"a", "b", "shared"}, []string{"shared_0", "shared_1", "a_0", "b_0"}, [][]bool{{true, true, true, false}, {true, true, false, true}, {true, true, true, true}}},
		{"gate/level_1", []string{"a", "b"}, []string{"shared_0", "a_0", "b_0", "b_1"}, [][]bool{{true, true, false, false}, {true, false, true, true}}},
	} {
		q, found := h.Quantity(c.name)
		if !found || !slices.Equal(q.Rows, c.rows) || !slices.Equal(q.Columns, c.columns) {
			t.Fatalf("the history has quantity %v; wanted %s of %v and %v", q, c.name, c.rows, c.columns)
		}
		_, values := h.Values(c.name)
		for row := range c.rows {
			sum := 0.0
			for column := range c.columns {
				v := values[0][row*len(c.columns)+column]
				if (v > 0) != c.sees[row][column] {
					t.Errorf("%s: gate %s gives expert %s %v", c.name, c.rows[row], c.columns[column], v)
				}
				sum += v
			}
			if math.Abs(sum-1) > 1e-5 {
				t.Errorf("%s: gate %s sums up to %v", c.name, c.rows[row], sum)
			}
		}
	}
}

func TestBadExperts(t *testing.T) {
	b := backendtest.Go(t)
	rows, numbers := []*tensors.Tensor{wave(2, 3)}, []*tensors.Tensor{tensors.FromValue([][]int32{{1}, {2}})}
	dense := arch.Dense{Widths: []int{4}}
	want := func(a mtl.Architecture, inputs []*tensors.Tensor, parts ...string) {
		t.Helper()
		wantPanic(t, b, arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
			return a.Features(scope, inputs, []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)})[0]
		}), inputs, parts...)
	}
	want(arch.MMoE{}, rows, "arch.MMoE", "set Expert")
	want(arch.MMoE{Expert: dense, Experts: -1}, rows, "-1 experts")
	want(arch.MMoE{Expert: arch.Dense{}}, rows, "0 widths")
	want(arch.MMoE{Expert: dense, Gate: func(_ *model.Scope, inputs, _ []*graph.Node) *graph.Node { return graph.ReduceAllSum(inputs[0]) }}, rows, "Gate", "[batch, features]")
	want(arch.MMoE{Expert: itself(8)}, numbers, "input 0", "Int32", "set Gate")
	want(arch.CGC{}, rows, "level 0 of arch.CGC", "set Expert")
	want(arch.CGC{Expert: dense, Shared: -1}, rows, "-1 shared")
	want(arch.CGC{Expert: dense, OwnOf: map[string]int{"c": 1}}, rows, `"c"`, `["a" "b"]`)
	want(arch.CGC{Expert: dense, OwnOf: map[string]int{"b": 0}}, rows, `"b" 0`)
	want(arch.PLE{}, rows, "arch.PLE has no levels")
	want(arch.PLE{Levels: []arch.ExpertLevel{{Expert: dense}, {}}}, rows, "level 1 of arch.PLE")
	want(arch.DSelectK{}, rows, "arch.DSelectK", "set Expert")
	want(arch.DSelectK{Expert: dense, Experts: 1}, rows, "1 experts")
	want(arch.DSelectK{Expert: dense, Experts: 4, Selectors: 5}, rows, "5 selectors of 4 experts")
	want(arch.DSelectK{Expert: dense, Gamma: -1}, rows, "Gamma -1")
	want(arch.DSelectK{Expert: dense, Entropy: math.NaN()}, rows, "Entropy NaN")
}
