package solve

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// solvers are the package's, with whatever else they take.
var solvers = map[string]func(g, active *graph.Node) Result{
	"MinNorm": MinNorm,
	"CAGrad":  func(g, active *graph.Node) Result { return CAGrad(g, active, number(g, 0.5), nil) },
	"DualCone": func(g, active *graph.Node) Result { // as UPGrad has it
		r := DualCone(g, active, unit(g, g.Shape().Dim(0)))
		r.Weights, r.Norm = graph.ReduceSum(r.Weights, 0), graph.ReduceMax(r.Norm)
		return r
	},
	"Nash":     func(g, active *graph.Node) Result { return Nash(g, active, number(g, 1)) },
	"FairGrad": func(g, active *graph.Node) Result { return Nash(g, active, number(g, 2)) },
}

// part picks rows and columns, or the rows of a vector.
func part(g [][]float64, keep []int) [][]float64 {
	var out [][]float64
	for _, i := range keep {
		var row []float64
		for _, k := range keep {
			row = append(row, g[i][k])
		}
		out = append(out, row)
	}
	return out
}

// Tasks that are not active are left out as if they were not there, even if their gradients are NaN; and the order of the tasks does not
// matter.
func TestInactiveTasksAndOrder(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		const n = 5
		for name, build := range solvers {
			masked := graph.MustNewExec(b, func(g, active *graph.Node) []*graph.Node { return build(g, active).nodes() })
			whole := graph.MustNewExec(b, func(g *graph.Node) []*graph.Node { return build(g, nil).nodes() })
			rng := rand.New(rand.NewPCG(1, 2))
			for _, j := range families(n, 7) {
				if j.condition > 0 {
					continue
				}
				g := gramOf(j.rows)
				keep := rng.Perm(n)[:3]
				active, broken := make([]float32, n), gramOf(j.rows)
				for _, i := range keep {
					active[i] = 1
				}
				for i := range n {
					for k := range n {
						if active[i]*active[k] == 0 {
							broken[i][k] = math.NaN()
						}
					}
				}
				got, want := solved(t, masked, broken, active), solved(t, whole, part(g, keep))
				longest := 0.0 // of the weighted gradients
				for i, w := range got.weights {
					if active[i] == 0 && w != 0 {
						t.Errorf("%s, %s: the inactive task %d has the weight %v", name, j.name, i, w)
					}
					longest = max(longest, w*norm(j.rows[i]))
				}
				for at, i := range keep {
					if j.singular && (name == "Nash" || name == "FairGrad") {
						continue // as large as rounding lets them be
					}
					// Where there are many solutions the ridge chooses, to about 1e-6 of the largest.
					within := 1e-5 * (longest/max(norm(j.rows[i]), 1e-300) + want.weights[at])
					if !(math.Abs(got.weights[i]-want.weights[at]) <= within) {
						t.Errorf("%s, %s: task %d has the weight %v with others masked, %v without them", name, j.name, i, got.weights[i], want.weights[at])
					}
				}
				for _, w := range solved(t, masked, broken, make([]float32, n)).weights {
					if w != 0 {
						t.Errorf("%s: no task is active, but one has the weight %v", name, w)
					}
				}
			}
		}
	})
}

// In float32 all is finite, and for well-conditioned problems the solution is that in float64.
func TestFloat32(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		const n = 6
		for name, build := range solvers {
			in32 := graph.MustNewExec(b, func(g *graph.Node) []*graph.Node { return build(g, nil).nodes() })
			in64 := graph.MustNewExec(b, func(g *graph.Node) []*graph.Node {
				return build(graph.ConvertDType(g, dtypes.Float64), nil).nodes()
			})
			for seed := range uint64(5) {
				for _, j := range families(n, seed) {
					got := solved(t, in32, single(gramOf(j.rows)))
					if !finite(got.weights...) || !finite(got.norm...) || !finite(got.residual) {
						t.Errorf("%s of %s, seed %d: %s", name, j.name, seed, got)
					}
					if j.name != "random" && j.name != "huge row" && j.name != "tiny row" {
						continue
					}
					want := solved(t, in64, single(gramOf(j.rows)))
					for i, w := range want.weights {
						if math.Abs(got.weights[i]-w) > 1e-4*math.Abs(w)+1e-6*slices.Max(want.weights) {
							t.Errorf("%s of %s, seed %d: got %s, want %s", name, j.name, seed, got, want)
							break
						}
					}
				}
			}
		}
	})
}

// Rounding errors that make a Gramian indefinite, ten times those of its dtype, do no harm: all is finite and the searches end.
func TestIndefinite(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		const n = 7
		for name, build := range solvers {
			e := graph.MustNewExec(b, func(g *graph.Node) []*graph.Node { return build(g, nil).nodes() })
			for seed := range uint64(20) {
				rng := rand.New(rand.NewPCG(seed, 9))
				for _, j := range families(n, seed) {
					g := gramOf(j.rows)
					for i := range g {
						for k := range i + 1 {
							g[i][k] += 0x1p-20 * rng.NormFloat64() * math.Sqrt(g[i][i]*g[k][k])
							g[k][i] = g[i][k]
						}
					}
					got := solved(t, e, single(g))
					if !finite(got.weights...) || !finite(got.norm...) || got.iterations > 1000 {
						t.Errorf("%s of %s, seed %d: %s", name, j.name, seed, got)
					}
					if name == "MinNorm" || name == "CAGrad" {
						checkSimplex(t, got.weights, 1e-6)
					}
				}
			}
		}
	})
}
