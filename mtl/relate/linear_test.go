package relate_test

import (
	"context"
	"io"
	"log/slog"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/relate"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// A linear model without heads, f(x) = w1·x + w2·x with two shared layers, whose gradients are known: L_t = mean (f - y_t)².
var (
	inputs = [][]float32{{1, 0.5}, {-1, 2}, {0.3, -0.7}, {2, 1}}
	labels = map[string][]float32{"one": {1, 0, 2, -1}, "two": {0, 3, -1, 1}, "three": {2, 1, 1, 0}}
	names  = []string{"one", "two", "three"}
	first  = []float64{0.5, -0.3}
	second = []float64{0.1, 0.2}
)

func linear() (*mtl.Model, mtl.Data) {
	product := func(scope *model.Scope, x *graph.Node, w []float64) *graph.Node {
		v := scope.VariableWithValue("w", [][]float32{{float32(w[0])}, {float32(w[1])}})
		return graph.Dot(x, v.NodeValue(x.Graph())).Product()
	}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return graph.Add(product(scope.At("a"), inputs[0], first), product(scope.At("b"), inputs[0], second))
	})}}
	split := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromValue(inputs)}, Labels: map[string]*tensors.Tensor{}}
	for _, name := range names {
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1, mtl.WithHead(mtl.HeadFunc(func(_ *model.Scope, h *graph.Node) *graph.Node {
			return graph.Reshape(h, h.Shape().Dim(0))
		}))))
		split.Labels[name] = tensors.FromValue(labels[name])
	}
	return m, mtl.Data{Train: split, Validation: split}
}

// lossAt is the loss of a task and its gradient on either layer, at w = w1 + w2.
func lossAt(name string, w []float64) (loss float64, g []float64) {
	g = make([]float64, 2)
	for n, x := range inputs {
		r := float64(x[0])*w[0] + float64(x[1])*w[1] - float64(labels[name][n])
		loss += r * r / 4
		g[0], g[1] = g[0]+r*float64(x[0])/2, g[1]+r*float64(x[1])/2
	}
	return loss, g
}

// Every probe against its formula in float64.
func TestProbesOfALinearModel(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		const rate = 0.05
		m, data := linear()
		h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: data.Train}, mtl.FitOptions{Backend: b, Steps: 1, LearningRate: 1e-3, Log: quiet, Probes: []mtl.Probe{
			relate.Conflict{Examples: -1}.Probe(), relate.PCGradConditions{Rate: rate}.Probe(), relate.LookAhead{Rate: rate}.Probe(),
		}})
		if err != nil {
			t.Fatal(err)
		}
		value := func(name string) []float64 {
			_, values := h.Values(name)
			if len(values) == 0 {
				t.Fatalf("%q was not measured: %v", name, h.Run.Quantities)
			}
			return values[0]
		}
		w := []float64{first[0] + second[0], first[1] + second[1]}
		loss, g := make([]float64, 3), make([][]float64, 3)
		var total [2]float64
		for i, name := range names {
			loss[i], g[i] = lossAt(name, w)
			total[0], total[1] = total[0]+g[i][0], total[1]+g[i][1]
		}
		dot := func(a, b []float64) float64 { return a[0]*b[0] + a[1]*b[1] }
		want := map[string][]float64{}
		below, conflicts := 0.0, 0.0
		for i := range names {
			for j := range names {
				cosine := dot(g[i], g[j]) / math.Sqrt(dot(g[i], g[i])*dot(g[j], g[j]))
				// The gradient on both layers is twice the one on one: the same cosine and magnitude similarity.
				magnitude := 2 * math.Sqrt(dot(g[i], g[i])*dot(g[j], g[j])) / (dot(g[i], g[i]) + dot(g[j], g[j]))
				difference, sum := []float64{g[i][0] - g[j][0], g[i][1] - g[j][1]}, []float64{g[i][0] + g[j][0], g[i][1] + g[j][1]}
				for _, name := range []string{relate.Cosine, relate.Cosine + "/shared/a", relate.Cosine + "/shared/b"} {
					want[name] = append(want[name], cosine)
				}
				want[relate.Magnitude] = append(want[relate.Magnitude], magnitude)
				want[relate.Dominance] = append(want[relate.Dominance], cosine+magnitude)
				want[relate.Bound] = append(want[relate.Bound], (1-cosine*cosine)*dot(difference, difference)/dot(sum, sum))
				// A step of both layers moves their sum twice as far.
				after, _ := lossAt(names[j], []float64{w[0] - 2*rate*g[i][0], w[1] - 2*rate*g[i][1]})
				want[relate.Affinity] = append(want[relate.Affinity], 1-after/loss[j])
				if cosine < 0 {
					below += 1.0 / 6
				}
				if i != j && cosine+magnitude <= 0 {
					conflicts += 1.0 / 6
				}
			}
			// Exact for a quadratic loss: the second derivative along (g, g), by the length of that.
			curvature := 0.0
			for _, x := range inputs {
				curvature += math.Pow(2*(float64(x[0])*total[0]+float64(x[1])*total[1]), 2) / 2
			}
			want[relate.Curvature] = append(want[relate.Curvature], curvature/(2*dot(total[:], total[:])))
		}
		want[relate.Rate] = []float64{below}
		for name, values := range want {
			near(t, name, [][]float64{value(name)}, [][]float64{values}, 2e-3)
		}
		if holds := value(relate.Holds); math.Abs(holds[0]-conflicts) > 1e-5 {
			t.Errorf("condition (a) holds for a share of %v; wanted %v", holds[0], conflicts)
		}
		// Three gradients in a plane.
		if c := value(relate.Condition)[0]; c < 1e6 {
			t.Errorf("condition number %v of gradients that are linearly dependent", c)
		}
		mean, err := relate.OverRun(h, relate.Affinity, 0)
		if err != nil || math.Abs(mean.Of("one", "two")-want[relate.Affinity][1]) > 2e-3 {
			t.Errorf("over the run %v, %v", mean, err)
		}
		if _, err := relate.OverRun(h, "nothing", 0); err == nil {
			t.Error("no error for a quantity that was not measured")
		}
	})
}

// Models trained alone in one graph are those trained alone.
func TestAlone(t *testing.T) {
	b := backendtest.Go(t)
	m, data := linear()
	opts := mtl.FitOptions{Backend: b, Steps: 7, BatchSize: 2, LearningRate: 0.05, Log: quiet}
	together := opts
	together.Store = model.NewStore()
	if _, err := mtl.Fit(context.Background(), relate.Separate(m), data, together); err != nil {
		t.Fatal(err)
	}
	stores := map[string]*model.Store{}
	for _, name := range names {
		one, err := m.Only(name)
		if err != nil {
			t.Fatal(err)
		}
		own := opts
		own.Store = model.NewStore()
		if _, err := mtl.Fit(context.Background(), one, mtl.Data{Train: data.Train.Only(name)}, own); err != nil {
			t.Fatal(err)
		}
		stores[name] = own.Store
	}
	joined, err := relate.Join(m, stores)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for v := range joined.IterVariables() {
		if other := together.Store.GetVariable(v.Path()); other == nil || !v.MustValue().InDelta(other.MustValue(), 1e-6) {
			t.Errorf("%s is %v alone and %v in one graph", v.Path(), v.MustValue(), other)
		}
		count++
	}
	if count != 6 {
		t.Errorf("%d variables; wanted 2 a task", count)
	}
	delete(stores, "two")
	if _, err := relate.Join(m, stores); err == nil {
		t.Error("no error for a task without a store")
	}
}

// Of linear functions f_t = W_t·x, S_t is W_tᵀ·W_t whatever the inputs: for one output the cosine is cos²(w_i, w_j).
func TestActiveSubspacesOfLinearModels(t *testing.T) {
	weights := map[string][][]float32{"a": {{1}, {2}, {0}}, "b": {{2}, {-1}, {1}}, "c": {{1, 0}, {2, 1}, {1, -1}}, "d": {{1, -1}, {2, -2}, {0, 0}}}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node { return inputs[0] })}}
	for _, name := range []string{"a", "b", "c", "d"} {
		task := mtl.Regression(name, len(weights[name][0]))
		if name == "d" {
			task = mtl.Classification(name, 2)
		}
		task.Head = mtl.HeadFunc(func(scope *model.Scope, h *graph.Node) *graph.Node {
			return graph.Dot(h, scope.VariableWithValue("w", weights[name]).NodeValue(h.Graph())).Product()
		})
		m.Tasks = append(m.Tasks, task)
	}
	square := func(w [][]float32) (s [9]float64) {
		for i := range 3 {
			for j := range 3 {
				for k := range w[i] {
					s[3*i+j] += float64(w[i][k] * w[j][k])
				}
			}
		}
		return s
	}
	product := func(a, b [9]float64) (sum float64) {
		for i := range a {
			sum += a[i] * b[i]
		}
		return sum - (a[0]+a[4]+a[8])*(b[0]+b[4]+b[8])/3
	}
	var want [][]float64
	for i := range m.Tasks {
		var row []float64
		for j := range m.Tasks {
			a, b := square(weights[m.Tasks[i].Name]), square(weights[m.Tasks[j].Name])
			row = append(row, product(a, b)/math.Sqrt(product(a, a)*product(b, b)))
		}
		want = append(want, row)
	}
	if math.Abs(want[0][3]-1) > 1e-9 {
		t.Fatal("a classifier should look in the direction in which its logits differ")
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		// More and fewer examples than inputs.
		for _, x := range [][][]float32{{{1, 2, 3}, {3, 1, 0}, {0, 1, 1}, {1, 1, 1}}, {{1, 2, 3}, {0, 1, 1}}} {
			store := model.NewStore()
			if _, err := mtl.Predict(context.Background(), b, store, m, tensors.FromValue(x)); err != nil {
				t.Fatal(err)
			}
			got, err := relate.ActiveSubspaces{}.Measure(context.Background(), b, store, m, tensors.FromValue(x))
			if err != nil {
				t.Fatal(err)
			}
			near(t, "active subspaces", got.Values, want, 1e-5)
		}
		if _, err := (relate.ActiveSubspaces{}).Measure(context.Background(), b, model.NewStore(), m, tensors.FromValue([][]float32{{1, 2, 3}})); err == nil {
			t.Error("no error for a store without variables")
		}
	})
}

// Two linear models of 40 outputs that look mostly in one direction: random sums of the outputs tell that nearly as well as all of them.
func TestActiveSubspacesOfManyOutputs(t *testing.T) {
	b := backendtest.Go(t)
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node { return inputs[0] })}}
	for phase, name := range []string{"a", "b"} {
		weights := make([][]float32, 5)
		for i := range weights {
			for k := range 40 {
				main, rest := float64(i-1)*math.Cos(float64(k*(phase+2))), math.Sin(float64(i*k*(3+phase)+phase))
				weights[i] = append(weights[i], float32(main+0.5*rest))
			}
		}
		m.Tasks = append(m.Tasks, mtl.Regression(name, 40, mtl.WithHead(mtl.HeadFunc(func(scope *model.Scope, h *graph.Node) *graph.Node {
			return graph.Dot(h, scope.VariableWithValue("w", weights).NodeValue(h.Graph())).Product()
		}))))
	}
	x := tensors.FromValue([][]float32{{1, 2, 3, 4, 5}, {3, 1, 0, 1, 2}})
	store := model.NewStore()
	if _, err := mtl.Predict(context.Background(), b, store, m, x); err != nil {
		t.Fatal(err)
	}
	var value [2]float64
	for k, outputs := range []int{40, 16} {
		got, err := relate.ActiveSubspaces{Outputs: outputs}.Measure(context.Background(), b, store, m, x)
		if err != nil {
			t.Fatal(err)
		}
		value[k] = got.Of("a", "b")
	}
	if value[0] < 0.8 || math.Abs(value[0]-value[1]) > 0.15 {
		t.Errorf("with 16 random sums %v, with all outputs %v", value[1], value[0])
	}
	t.Logf("with 16 random sums %v, with all outputs %v", value[1], value[0])
}
