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

// product is a·x of matrices in rows.
func product(a [][]float64, x []float64, columns int) []float64 {
	out := make([]float64, len(a)*columns)
	for i, row := range a {
		for k, v := range row {
			for c := range columns {
				out[i*columns+c] += v * x[k*columns+c]
			}
		}
	}
	return out
}

func flat(rows [][]float64) []float64 { return slices.Concat(rows...) }

func TestSolve(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, Solve)
			for seed := range uint64(5) {
				rng := rand.New(rand.NewPCG(seed, 8))
				a, x := gaussian(rng, n, n), gaussian(rng, n, 3)
				if seed == 1 { // symmetric, with a 0 as first pivot
					a = gramOf(a)
					a[0][0] = 0
				}
				if seed > 2 { // rows and columns of any size
					for i := range a {
						a[i] = scaled(a[i], math.Pow(10, 20*rng.Float64()-10))
						for k := range a[i] {
							a[i][k] *= math.Pow(10, float64(k%7)-3)
						}
					}
				}
				right := product(a, flat(x), 3)
				columns := make([][]float64, n)
				for i := range columns {
					columns[i] = right[3*i : 3*i+3]
				}
				got := values(t, e.MustCall(a, columns)[0])
				// Backward stable: the right-hand sides come out again, but for rounding of the terms.
				back := product(a, got, 3)
				for i := range back {
					terms := 1e-300
					for k := range n {
						terms += math.Abs(a[i/3][k] * got[3*k+i%3])
					}
					if math.Abs(back[i]-right[i]) > 1e-12*terms {
						t.Fatalf("%d unknowns, seed %d: a·x is %v at %d, want %v", n, seed, back[i], i, right[i])
					}
				}
			}
		}
	})
}

func TestSolveSingular(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		e := graph.MustNewExec(b, Solve)
		for _, test := range []struct{ a, b, want [][]float64 }{
			{[][]float64{{0, 0}, {0, 0}}, [][]float64{{0}, {0}}, [][]float64{{0}, {0}}},
			{[][]float64{{1, 1}, {1, 1}}, [][]float64{{2}, {2}}, [][]float64{{2}, {0}}},
			{[][]float64{{0, 0}, {0, 4}}, [][]float64{{0}, {2}}, [][]float64{{0}, {0.5}}},
			{[][]float64{{0, 2}, {3, 0}}, [][]float64{{4}, {6}}, [][]float64{{2}, {2}}},
		} {
			if got := values(t, e.MustCall(test.a, test.b)[0]); !near(got, flat(test.want), 1e-15) {
				t.Errorf("%v·x = %v: got %v, want %v", test.a, test.b, got, test.want)
			}
		}
		vector := values(t, graph.MustNewExec(b, Solve).MustCall([][]float32{{2, 0}, {1, 1}}, []float32{2, 4})[0])
		if !near(vector, []float64{1, 3}, 1e-7) {
			t.Errorf("a right-hand side of rank 1: got %v, want [1 3]", vector)
		}
	})
}

func TestEigen(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, func(g *graph.Node) []*graph.Node {
				w, v := Eigen(g)
				return []*graph.Node{w, v}
			})
			check := func(name string, g [][]float64, want []float64) {
				out := e.MustCall(g)
				w, v := values(t, out[0]), values(t, out[1])
				largest := 1e-300
				for _, x := range flat(g) {
					largest = max(largest, math.Abs(x))
				}
				if !finite(w...) || !finite(v...) || !slices.IsSorted(w) {
					t.Errorf("%d tasks, %s: eigenvalues %v", n, name, w)
				}
				if want != nil && !near(w, want, 1e-13*largest*float64(n)) {
					t.Errorf("%d tasks, %s: eigenvalues %v, want %v", n, name, w, want)
				}
				left := product(g, v, n)
				worst, askew := 0.0, 0.0
				for i := range n {
					for k := range n {
						worst = max(worst, math.Abs(left[i*n+k]-v[i*n+k]*w[k]))
						inner := 0.0
						for l := range n {
							inner += v[l*n+i] * v[l*n+k]
						}
						if i == k {
							inner--
						}
						askew = max(askew, math.Abs(inner))
					}
				}
				if worst > 1e-14*largest*float64(n) || askew > 1e-14*float64(n) {
					t.Errorf("%d tasks, %s: G·v - λ·v up to %.3g, eigenvectors askew by %.3g", n, name, worst, askew)
				}
			}
			for seed := range uint64(2) {
				for _, j := range families(n, seed) {
					check(j.name, gramOf(j.rows), nil)
				}
			}
			// The second difference: its eigenvalues are 2 - 2·cos(kπ/(n+1)).
			difference, want := make([][]float64, n), make([]float64, n)
			for i := range difference {
				difference[i] = make([]float64, n)
				difference[i][i] = 2
				if i > 0 {
					difference[i][i-1], difference[i-1][i] = -1, -1
				}
				want[i] = 2 - 2*math.Cos(float64(i+1)*math.Pi/float64(n+1))
			}
			check("second difference", difference, want)
			for i := range difference { // all ones: n and n-1 times 0
				copy(difference[i], repeated(1, n))
				want[i] = 0
			}
			want[n-1] = float64(n)
			check("ones", difference, want)
		}
	})
}

// Everybody plays everybody once, and nobody twice in a round.
func TestTournament(t *testing.T) {
	for n := range 12 {
		met := map[[2]int32]int{}
		table := tournament(n + 1)
		for _, round := range table {
			for i, j := range round {
				if round[j] != int32(i) {
					t.Fatalf("%d players: %d plays %d, who plays %d", n+1, i, j, round[j])
				}
				met[[2]int32{int32(i), j}]++
			}
		}
		for i := range int32(n + 1) {
			for j := range i {
				if met[[2]int32{i, j}] != 1 {
					t.Errorf("%d players: %d and %d meet %d times", n+1, i, j, met[[2]int32{i, j}])
				}
			}
		}
	}
}

// The nearest point: entries above 0 are all lowered by the same, the others would be lowered below 0 by it.
func TestProjectSimplex(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, n := range sizes(b) {
			e := graph.MustNewExec(b, ProjectSimplex)
			rng := rand.New(rand.NewPCG(4, uint64(n)))
			for round := range 40 {
				v, active := gaussian(rng, 1, n)[0], make([]bool, n)
				for i := range v {
					v[i] *= math.Pow(10, float64(round%9)-4)
					if round%4 == 1 {
						v[i] = math.Round(v[i]) // many are equal
					}
					active[i] = round%3 > 0 || rng.IntN(2) == 0
				}
				active[rng.IntN(n)] = true
				mask := make([]float64, n)
				for i, is := range active {
					if is {
						mask[i] = 1
					} else if round%2 == 0 {
						v[i] = math.NaN()
					}
				}
				w := values(t, e.MustCall(v, mask)[0])
				checkSimplex(t, w, 1e-12)
				lowered := math.NaN()
				for i := range w {
					if w[i] > 0 {
						lowered = v[i] - w[i]
					}
				}
				within := 1e-12 * max(1, math.Abs(lowered))
				for i := range w {
					if !active[i] && w[i] != 0 || w[i] > 0 && math.Abs(v[i]-w[i]-lowered) > within || active[i] && w[i] == 0 && v[i]-lowered > within {
						t.Errorf("%v, active %v: got %v, lowered by %v", v, active, w, lowered)
						break
					}
				}
			}
			if w := values(t, e.MustCall(repeated(1, n), make([]float64, n))[0]); slices.Max(w) != 0 {
				t.Errorf("no task is active: got %v, want zeros", w)
			}
		}
	})
}
