package solve

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// sizes are the numbers of tasks in tests: few on XLA, which compiles a program for each.
func sizes(b compute.Backend) []int {
	if b.Name() == "xla" {
		return []int{1, 2, 7, 40}
	}
	return []int{1, 2, 3, 4, 5, 6, 12, 40}
}

// checkSimplex also normalises.
func checkSimplex(t *testing.T, w []float64, tolerance float64) {
	t.Helper()
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	if !finite(w...) || slices.Min(w) < 0 || math.Abs(sum-1) > tolerance {
		t.Errorf("not on the simplex: %v", w)
	}
}

// The least norm: no gradient has a smaller inner product with the combination than the combination itself.
func TestMinNorm(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, func(g *graph.Node) []*graph.Node { return MinNorm(g, nil).nodes() })
			for seed := range uint64(3) {
				for _, j := range families(n, seed) {
					got := solved(t, e, gramOf(j.rows))
					checkSimplex(t, got.weights, 1e-12)
					direction := combine(j.rows, got.weights)
					shortest := math.Inf(1)
					for _, row := range j.rows {
						shortest = min(shortest, norm(row))
					}
					worst := 0.0
					for _, row := range j.rows {
						if norm(row) > 0 {
							worst = max(worst, (dot(direction, direction)-dot(row, direction))/(norm(row)*shortest))
						}
					}
					if shortest == 0 && norm(direction) > 0 {
						worst = norm(direction)
					}
					if worst > 1e-12 || got.residual > 1e-12 || math.Abs(got.norm[0]-norm(direction)) > 1e-7*shortest {
						t.Errorf("%d tasks, %s, seed %d: short of the optimum by %.3g; |g| %.6g; %s", n, j.name, seed, worst, norm(direction), got)
					}
				}
			}
		}
	})
}

// The nearest point of the dual cone: v ≥ u, no gradient against the combination, and where v > u it is at right angles.
func TestDualCone(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, func(g, u *graph.Node) []*graph.Node { return DualCone(g, nil, u).nodes() })
			for seed := range uint64(3) {
				for _, j := range families(n, seed) {
					u := gaussian(rand.New(rand.NewPCG(seed, 5)), n, n)
					if seed > 0 { // as UPGrad has it
						for i := range u {
							clear(u[i])
							u[i][i] = 1 / float64(n)
						}
					}
					got := solved(t, e, gramOf(j.rows), u)
					worst := 0.0
					for r := range u {
						v := got.weights[r*n : (r+1)*n]
						direction := combine(j.rows, v)
						scale := max(norm(combine(j.rows, u[r])), 1e-300)
						for i, row := range j.rows {
							length := norm(row)
							if length == 0 {
								worst = max(worst, math.Abs(v[i]-u[r][i]))
								continue
							}
							along := dot(row, direction) / length
							worst = max(worst, u[r][i]-v[i], -along/scale, min(along/scale, (v[i]-u[r][i])*length/scale))
						}
						if !finite(v...) {
							worst = math.Inf(1)
						}
						terms := 0.0
						for i, row := range j.rows {
							terms += (math.Abs(v[i]) + math.Abs(u[r][i])) * norm(row)
						}
						if math.Abs(norm(direction)-got.norm[r]) > 1e-7*terms {
							t.Errorf("%d tasks, %s: norm %g, want %g", n, j.name, got.norm[r], norm(direction))
						}
					}
					limit := 1e-11
					if j.condition > 0 {
						limit = 1e-6
					}
					if !(worst <= limit) || got.residual > limit {
						t.Errorf("%d tasks, %s, seed %d: off by %.3g; %v iterations, residual %.3g", n, j.name, seed, worst, got.iterations, got.residual)
					}
				}
			}
		}
	})
}

// With d = g0 + c·‖g0‖·g_w/‖g_w‖ no gradient's inner product with d is smaller than that of g_w. Where g_w vanishes there is no d, and F is
// compared with that of other weights only.
func TestCAGrad(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, func(g, c, p *graph.Node) []*graph.Node { return CAGrad(g, nil, c, p).nodes() })
			for seed := range uint64(3) {
				for _, j := range families(n, seed) {
					for _, c := range []float64{0.05, 0.5, 0.9, 2} {
						rng := rand.New(rand.NewPCG(seed, 6))
						p := repeated(1/float64(n), n)
						if seed > 0 {
							p = randomSimplex(rng, n)
						}
						got := solved(t, e, gramOf(j.rows), c, p)
						checkSimplex(t, got.weights, 1e-12)
						mean := combine(j.rows, p)
						objective := func(w []float64) float64 {
							g := combine(j.rows, w)
							return dot(g, mean) + c*norm(mean)*norm(g)
						}
						combined := combine(j.rows, got.weights)
						d, longest := mean, 0.0
						for _, row := range j.rows {
							longest = max(longest, norm(row))
						}
						if norm(combined) > 1e-6*longest {
							d = combine([][]float64{mean, combined}, []float64{1, c * norm(mean) / norm(combined)})
						}
						worst := 0.0
						for i, row := range j.rows {
							if norm(row) > 0 && norm(combined) > 1e-6*longest {
								worst = max(worst, (dot(combined, d)-dot(row, d))/norm(row)/norm(d))
							}
							vertex := repeated(0, n)
							vertex[i] = 1
							worst = max(worst, (objective(got.weights)-objective(vertex))/(longest*longest))
						}
						for range 20 {
							worst = max(worst, (objective(got.weights)-objective(randomSimplex(rng, n)))/(longest*longest))
						}
						// Of the digits of wᵀGw, a difference of numbers of the size of G, those of |g|² are left.
						lost := 1e-15 * math.Pow(longest/max(norm(combined), 1e-6*longest), 2)
						if longest > 0 && !(worst <= 1e-9+lost) || got.residual > 1e-11+0.01*lost {
							t.Errorf("%d tasks, %s, seed %d, c %v: short of the optimum by %.3g; |g| %.3g of %.3g; %s",
								n, j.name, seed, c, worst, norm(combined), longest, got)
						}
					}
				}
			}
		}
	})
}

func randomSimplex(rng *rand.Rand, n int) []float64 {
	w, sum := make([]float64, n), 0.0
	for i := range w {
		w[i] = rng.ExpFloat64()
		sum += w[i]
	}
	return scaled(w, 1/sum)
}

// Nash and FairGrad: both sides of the equation are equal.
func TestNash(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, func(g, a *graph.Node) []*graph.Node { return Nash(g, nil, a).nodes() })
			for seed := range uint64(3) {
				for _, j := range families(n, seed) {
					for _, a := range []float64{0.1, 0.5, 1, 2, 5} {
						got := solved(t, e, gramOf(j.rows), a)
						if !finite(got.weights...) || slices.Min(got.weights) < 0 || got.iterations >= 200 && j.condition == 0 {
							t.Errorf("%d tasks, %s, a %v: %s", n, j.name, a, got)
						}
						if j.singular {
							continue
						}
						direction, worst := combine(j.rows, got.weights), 0.0
						for i, row := range j.rows {
							right := math.Pow(got.weights[i], -1/a)
							terms := right
							for k := range j.rows {
								terms += math.Abs(dot(row, j.rows[k])) * got.weights[k]
							}
							worst = max(worst, math.Abs(dot(row, direction)-right)/terms)
						}
						if limit := 1e-10; worst > limit || got.residual > limit {
							t.Errorf("%d tasks, %s, seed %d, a %v: sides differ by %.3g; %s", n, j.name, seed, a, worst, got)
						}
					}
				}
			}
		}
	})
}
