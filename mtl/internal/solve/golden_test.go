package solve

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// Values of TorchJD 0.18, with which an independent implementation in NumPy agrees.
func TestAgainstOtherImplementations(t *testing.T) {
	// UPGrad and DualProj as TorchJD has them: G/tr(G) + 1e-4·I.
	normalised := func(g *graph.Node) *graph.Node {
		n := g.Shape().Dim(0)
		return graph.Add(graph.Div(g, graph.ReduceSum(diagonal(g))), graph.Mul(unit(g, n), number(g, 1e-4)))
	}
	caGrad := func(c float64) func(g *graph.Node) *graph.Node {
		return func(g *graph.Node) *graph.Node {
			n := g.Shape().Dim(0)
			r := CAGrad(g, nil, number(g, c), nil)
			p := number(g, 1/float64(n))
			mean := graph.Sqrt(graph.Mul(graph.ReduceSum(g), number(g, 1/float64(n*n))))
			return graph.Add(graph.Mul(r.Weights, graph.Div(graph.Mul(number(g, c), mean), r.Norm)), p)
		}
	}
	fairGrad := func(a float64) func(g *graph.Node) *graph.Node {
		return func(g *graph.Node) *graph.Node { return Nash(g, nil, number(g, a)).Weights }
	}
	upGrad := func(g *graph.Node) *graph.Node {
		n := g.Shape().Dim(0)
		return graph.ReduceSum(DualCone(normalised(g), nil, graph.Div(unit(g, n), number(g, float64(n)))).Weights, 0)
	}
	dualProj := func(g *graph.Node) *graph.Node {
		n := g.Shape().Dim(0)
		return graph.Reshape(DualCone(normalised(g), nil, repeat(number(g, 1/float64(n)), 1, n)).Weights, n)
	}
	minNorm := func(g *graph.Node) *graph.Node { return MinNorm(g, nil).Weights }
	rows := func(solve ...func(g *graph.Node) *graph.Node) func(g *graph.Node) []*graph.Node {
		return func(g *graph.Node) (out []*graph.Node) {
			for _, f := range solve {
				out = append(out, f(g))
			}
			return out
		}
	}
	type want struct {
		name    string
		weights []float64
		within  float64
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, test := range []struct {
			j     [][]float64
			solve func(g *graph.Node) []*graph.Node
			want  []want
		}{
			{
				[][]float64{{-4, 1, 1}, {6, 1, 1}},
				rows(minNorm, upGrad, dualProj, caGrad(0.5), fairGrad(0.1), fairGrad(0.5), fairGrad(1), fairGrad(2), fairGrad(5)),
				[]want{
					{"MGDA", []float64{0.6, 0.4}, 1e-12},
					{"UPGrad", []float64{1.1109, 0.7894}, 5e-5},
					{"DualProj", []float64{0.6109, 0.5}, 5e-5},
					{"CAGrad 0.5", []float64{0.7041, 0.5}, 5e-5},
					{"FairGrad 0.1", []float64{1.0319, 0.8111}, 5e-5},
					{"FairGrad 0.5", []float64{0.7428, 0.5254}, 5e-5},
					{"FairGrad 1", []float64{0.5915, 0.4071}, 5e-5},
					{"FairGrad 2", []float64{0.4714, 0.3195}, 5e-5},
					{"FairGrad 5", []float64{0.3759, 0.2523}, 5e-5},
				},
			},
			{
				[][]float64{{1, 0, 0.5, -1}, {-0.5, 1, 0.2, 0.3}, {0.3, -1.5, 1, 0.2}},
				rows(minNorm, upGrad, dualProj, caGrad(0.4), caGrad(0.5), caGrad(1), fairGrad(0.5), fairGrad(1), fairGrad(2)),
				[]want{
					{"MGDA", []float64{0.206415, 0.537631, 0.255954}, 1e-6},
					{"UPGrad", []float64{0.422214, 0.864978, 0.475496}, 1e-6},
					{"DualProj", []float64{0.333333, 0.504575, 0.333333}, 1e-6},
					{"CAGrad 0.4", []float64{0.333333, 0.561185, 0.333333}, 2e-6},
					{"CAGrad 0.5", []float64{0.333333, 0.618148, 0.333333}, 2e-6},
					{"CAGrad 1", []float64{0.412850, 1.075269, 0.511908}, 3e-5}, // the other one's tolerance; TestCAGrad has 1e-9
					{"FairGrad 0.5", []float64{0.862259, 1.609391, 0.885826}, 1e-6},
					{"FairGrad 1", []float64{0.835176, 1.743953, 0.898289}, 1e-6},
					{"FairGrad 2", []float64{0.826960, 1.889456, 0.936028}, 1e-6},
				},
			},
		} {
			out := graph.MustNewExec(b, test.solve).MustCall(gramOf(test.j))
			for i, want := range test.want {
				if got := values(t, out[i]); !near(got, want.weights, want.within) {
					t.Errorf("%s of %v: got %.7g, want %.7g", want.name, test.j, got, want.weights)
				}
			}
		}
	})
}

func near(got, want []float64, within float64) bool {
	return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= within })
}

// The closed form of two tasks: Nash weights are 1/(‖g_i‖·√(1 + cos θ)).
func TestNashOfTwoTasks(t *testing.T) {
	b := backendtest.Go(t)
	e := graph.MustNewExec(b, func(g, a *graph.Node) []*graph.Node { return Nash(g, nil, a).nodes() })
	for seed := range uint64(20) {
		for _, j := range families(2, seed) {
			if j.singular || j.condition > 0 {
				continue
			}
			got := solved(t, e, gramOf(j.rows), 1.0)
			cosine := dot(j.rows[0], j.rows[1]) / norm(j.rows[0]) / norm(j.rows[1])
			for i, row := range j.rows {
				if want := 1 / (norm(row) * math.Sqrt(1+cosine)); math.Abs(got.weights[i]/want-1) > 1e-9+1e-15/(1+cosine) {
					t.Errorf("%s, seed %d: got %v, want %v in position %d", j.name, seed, got.weights, want, i)
				}
			}
		}
	}
}
