package solve

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// A loop in a loop in a loop: Σ over i < 3 of Σ over j < i of Σ over k < j of 1, scalars cached outside, shapes of different rank.
func TestWhileNests(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		count := func(n *graph.Node, total *graph.Node, inner func(i, total *graph.Node) *graph.Node) *graph.Node {
			return While([]*graph.Node{graph.Const(n.Graph(), 0.0), n, total},
				func(s []*graph.Node) *graph.Node { return graph.LessThan(s[0], s[1]) },
				func(s []*graph.Node) []*graph.Node {
					return []*graph.Node{graph.Add(s[0], graph.Const(n.Graph(), 1.0)), s[1], inner(s[0], s[2])}
				})[2]
		}
		e := graph.MustNewExec(b, func(n *graph.Node) *graph.Node {
			n = graph.MulScalar(graph.AddScalar(n, 1), 1)
			total := graph.ZerosLike(graph.Stack([]*graph.Node{n, n}, 0))
			return count(n, total, func(i, total *graph.Node) *graph.Node {
				return count(i, total, func(j, total *graph.Node) *graph.Node {
					return count(j, total, func(k, total *graph.Node) *graph.Node { return graph.Add(total, graph.Const(k.Graph(), 1.0)) })
				})
			})
		})
		for n, want := range []float64{0, 0, 0, 1, 4, 10, 20} { // n choose 3
			if got := tensors.MustCopyFlatData[float64](e.MustCall(float64(n) - 1)[0]); got[0] != want || got[1] != want {
				t.Errorf("%d choose 3: got %v, want %v", n, got, want)
			}
		}
	})
}

// A solver runs in the body of a training loop although constants that GoMLX shares between the functions of a graph were made outside.
func TestInTrainingLoop(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for name, build := range solvers {
			// Steps of 0.1·Σ w_i·∇L_i, L_i = ½‖x - target_i‖².
			step := func(x, targets *graph.Node) *graph.Node {
				jacobian := graph.Sub(row(x), targets)
				w := build(graph.Dot(jacobian, graph.Transpose(jacobian, 0, 1)).Product(), nil).Weights
				return graph.Sub(x, graph.Mul(number(x, 0.1), graph.Dot(w, jacobian).Product()))
			}
			loop := graph.MustNewExec(b, func(x, targets *graph.Node) *graph.Node {
				x = graph.MulScalar(graph.AddScalar(x, 1), 1)
				x = graph.AddScalar(graph.Sub(x, graph.ReduceAllSum(graph.ZerosLike(x))), -1)
				return While([]*graph.Node{x, targets, integer(x, 0)},
					func(s []*graph.Node) *graph.Node { return graph.LessThan(s[2], integer(s[2], 5)) },
					func(s []*graph.Node) []*graph.Node {
						return []*graph.Node{step(s[0], s[1]), s[1], graph.Add(s[2], integer(s[2], 1))}
					})[0]
			})
			once := graph.MustNewExec(b, step)
			targets := [][]float64{{1, 0, 2}, {-1, 1, 0}, {0.5, -2, 1}}
			got, want := values(t, loop.MustCall([]float64{3, 3, -1}, targets)[0]), []float64{3, 3, -1}
			for range 5 {
				want = values(t, once.MustCall(want, targets)[0])
			}
			if !near(got, want, 1e-9) {
				t.Errorf("%s: five steps in a loop lead to %v, one by one to %v", name, got, want)
			}
		}
	})
}

// So do the others: in each round x becomes the projection of V·diag(λ)·Vᵀ·G⁻¹·(x + 1), which is that of x + 1.
func TestLinearAlgebraInLoop(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		e := graph.MustNewExec(b, func(g, x *graph.Node) *graph.Node {
			x = graph.MulScalar(graph.AddScalar(x, 1), 1)
			return While([]*graph.Node{g, x, integer(x, 0)},
				func(s []*graph.Node) *graph.Node { return graph.LessThan(s[2], integer(s[2], 3)) },
				func(s []*graph.Node) []*graph.Node {
					lambda, v := Eigen(s[0])
					y := graph.Dot(v, graph.Mul(lambda, graph.Dot(Solve(s[0], graph.Add(s[1], number(x, 1))), v).Product())).Product()
					return []*graph.Node{s[0], ProjectSimplex(y, nil), graph.Add(s[2], integer(s[2], 1))}
				})[1]
		})
		got := values(t, e.MustCall([][]float64{{4, 1, 0}, {1, 3, 1}, {0, 1, 2}}, []float64{0.5, 0.25, -0.5})[0])
		if want := []float64{0.625, 0.375, 0}; !near(got, want, 1e-12) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// The weights are constants to the gradient of the weighted loss.
func TestNoGradient(t *testing.T) {
	b := backendtest.Go(t)
	for name, build := range solvers {
		e := graph.MustNewExec(b, func(x, targets *graph.Node) []*graph.Node {
			difference := graph.Sub(row(x), targets) // of the losses ½‖x - target‖²
			w := build(graph.Dot(difference, graph.Transpose(difference, 0, 1)).Product(), nil).Weights
			total := graph.ReduceAllSum(graph.Mul(column(w), graph.Mul(difference, graph.MulScalar(difference, 0.5))))
			return []*graph.Node{graph.Gradient(total, x)[0], graph.Dot(w, difference).Product()}
		})
		out := e.MustCall([]float64{3, 3, -1}, [][]float64{{1, 0, 2}, {-1, 1, 0}, {0.5, -2, 1}})
		if got, want := values(t, out[0]), values(t, out[1]); !near(got, want, 1e-12) {
			t.Errorf("%s: gradient %v, want %v", name, got, want)
		}
	}
}
