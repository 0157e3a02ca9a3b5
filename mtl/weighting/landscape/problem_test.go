package landscape_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

// published are losses and slopes that the papers' own code gives, to the digits printed. At (0, 0) it takes both sides' slopes together.
var published = []struct {
	at, losses    [2]float64
	first, second [2]float64
}{
	{[2]float64{-8.5, 7.5}, [2]float64{6.55236, 7.90080}, [2]float64{-.2854, .00725}, [2]float64{-.07399, .00874}},
	{[2]float64{0, 0}, [2]float64{0, 0}, [2]float64{0, 10.85638}, [2]float64{0, 10.85638}},
	{[2]float64{9, 9}, [2]float64{7.94395, 6.69150}, [2]float64{.07141, .00196}, [2]float64{.24994, .00165}},
	{[2]float64{-7.5, -.5}, [2]float64{.38881, -4.75448}, [2]float64{-.71026, -.70940}, [2]float64{-.02449, 9.16076}},
	{[2]float64{9, -1}, [2]float64{-8.83106, 2.81429}, [2]float64{.18485, 7.57920}, [2]float64{1.47877, -2.33004}},
	{[2]float64{-8.5, -5}, [2]float64{4.05992, -19.42150}, [2]float64{-3.05850, .00448}, [2]float64{-.29598, .32093}},
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestPublishedValues(t *testing.T) {
	for _, p := range []landscape.Problem{{}, {Scale: 0.1, Offset: 21}} {
		scale := map[float64]float64{0: 1}[p.Scale] + p.Scale
		for _, want := range published {
			first, second := p.Losses(want.at[0], want.at[1])
			if !near(first, scale*want.losses[0]+p.Offset, 1e-5) || !near(second, want.losses[1]+p.Offset, 1e-5) {
				t.Errorf("%+v at %v: losses %v and %v; want %v", p, want.at, first, second, want.losses)
			}
			a, b := p.Gradients(want.at[0], want.at[1])
			for k := range a {
				if !near(a[k], scale*want.first[k], 6e-6) || !near(b[k], want.second[k], 6e-6) {
					t.Errorf("%+v at %v: gradients %v and %v; want %v and %v", p, want.at, a, b, want.first, want.second)
				}
			}
		}
	}
}

// TestModel compares the graph with the plain numbers, on a grid that holds the kink, the valleys and points beyond their floor.
func TestModel(t *testing.T) {
	var points [][]float64
	for x := -10.0; x <= 10; x += 2.5 {
		for y := -9.0; y <= 9; y += 1.5 {
			points = append(points, []float64{x, y}, []float64{-7 + 2*math.Tanh(y), y}, []float64{7 - 2*math.Tanh(y) + 1e-7, y})
		}
	}
	p := landscape.Problem{Scale: 0.3, Offset: 2}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m := p.Model([2]float64{1, 2})
		// The heads have no variables: they take any θ for a representation.
		exec := graph.MustNewExec(b, func(theta *graph.Node) []*graph.Node {
			var out []*graph.Node
			for _, task := range m.Tasks {
				losses := task.Head.Predict(nil, theta)
				out = append(out, losses, graph.Gradient(graph.ReduceAllSum(losses), theta)[0])
			}
			return out
		})
		out := exec.MustCall(points)
		losses := [][]float64{tensors.MustCopyFlatData[float64](out[0]), tensors.MustCopyFlatData[float64](out[2])}
		slopes := [][]float64{tensors.MustCopyFlatData[float64](out[1]), tensors.MustCopyFlatData[float64](out[3])}
		for i, at := range points {
			first, second := p.Losses(at[0], at[1])
			a, c := p.Gradients(at[0], at[1])
			for k, want := range []float64{first, second, a[0], a[1], c[0], c[1]} {
				got := append([]float64{losses[0][i], losses[1][i]}, append(slopes[0][2*i:2*i+2:2*i+2], slopes[1][2*i:2*i+2]...)...)[k]
				if !near(got, want, 1e-6*(1+math.Abs(want))) {
					t.Errorf("at %v: value %d of the losses and their slopes is %v in the graph; want %v", at, k, got, want)
				}
			}
		}
	})
}

func TestModelStartsWhereAsked(t *testing.T) {
	store, m, examples := model.NewStore(), landscape.Problem{}.Model([2]float64{9, 9}), landscape.Examples()
	total := model.MustCallOnce(backendtest.Go(t), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		labels := graph.ZerosLike(x)
		return m.Loss([]*graph.Node{labels, labels}, m.Graph(scope, nil, []*graph.Node{x}))
	}, examples.Inputs[0])
	if got := tensors.ToScalar[float64](total); !near(got, 7.94395+6.69150, 1e-5) {
		t.Errorf("the losses at (9, 9) sum to %v", got)
	}
	if v := store.GetVariable("/shared/theta"); v == nil || v.DType() != dtypes.Float64 {
		t.Errorf("θ is %v; want float64 at /shared/theta", v)
	}
}

// On the Pareto set the gradients are opposite, and at its middle the sum of the losses is least.
func TestParetoSet(t *testing.T) {
	var p landscape.Problem
	set := landscape.ParetoSet(101)
	for _, at := range set {
		a, b := p.Gradients(at[0], at[1])
		cross, dot := a[0]*b[1]-a[1]*b[0], a[0]*b[0]+a[1]*b[1]
		if !near(cross, 0, 1e-12) || dot > 1e-12 {
			t.Errorf("at %v the gradients %v and %v are not opposite", at, a, b)
		}
		if d := landscape.ParetoDistance(at[0], at[1]); d > 1e-9 {
			t.Errorf("%v is %v away from the set it is in", at, d)
		}
	}
	middle, end := set[50], set[100]
	first, second := p.Losses(middle[0], middle[1])
	if !near(middle[0], 0, 1e-12) || !near(middle[1], -8.3551, 5e-5) || !near(first, -15.0916, 5e-5) || !near(second, -15.0916, 5e-5) {
		t.Errorf("the middle is %v with losses %v and %v; want (0, -8.3551) with -15.0916 twice", middle, first, second)
	}
	if a, _ := p.Gradients(end[0], end[1]); !near(a[0], 0, 1e-12) || !near(a[1], 0, 1e-12) {
		t.Errorf("the right end is %v, where the first gradient is %v; want 0", end, a)
	}
	for _, c := range []struct{ x, y, want float64 }{{0, -6.3551, 2}, {10, -8.4345, 3}, {-11, -11.4345, 5}} {
		if d := landscape.ParetoDistance(c.x, c.y); !near(d, c.want, 0.01*c.want) {
			t.Errorf("(%v, %v) is %v away from the Pareto set; want %v", c.x, c.y, d, c.want)
		}
	}
}
