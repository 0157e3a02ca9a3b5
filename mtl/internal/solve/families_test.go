package solve

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// jacobian has a gradient a row.
type jacobian struct {
	name string
	rows [][]float64
	// singular Gramians may have no equilibrium (Nash).
	singular  bool
	condition float64
}

func gaussian(rng *rand.Rand, rows, dim int) [][]float64 {
	j := make([][]float64, rows)
	for i := range j {
		j[i] = make([]float64, dim)
		for k := range j[i] {
			j[i][k] = rng.NormFloat64()
		}
	}
	return j
}

func scaled(row []float64, by float64) []float64 {
	out := make([]float64, len(row))
	for i, x := range row {
		out[i] = by * x
	}
	return out
}

// families are hard and easy Jacobians of n tasks.
func families(n int, seed uint64) []jacobian {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	random := func() [][]float64 { return gaussian(rng, n, n+2) }
	var all []jacobian
	add := func(name string, singular bool, change func(j [][]float64)) {
		j := random()
		change(j)
		all = append(all, jacobian{name: name, rows: j, singular: singular})
	}
	add("random", false, func([][]float64) {})
	add("all equal but for a little", false, func(j [][]float64) {
		for i := range j {
			for k := range j[i] {
				j[i][k] = j[0][k] + 1e-3*j[i][k]
			}
		}
	})
	add("zero", true, func(j [][]float64) {
		for i := range j {
			clear(j[i])
		}
	})
	add("huge row", false, func(j [][]float64) { j[n-1] = scaled(j[n-1], 1e15) })
	add("tiny row", false, func(j [][]float64) { j[n-1] = scaled(j[n-1], 1e-10) })
	add("scales", false, func(j [][]float64) {
		for i := range j {
			j[i] = scaled(j[i], math.Pow(10, -10+25*rng.Float64()))
		}
	})
	if n == 1 {
		return all
	}
	add("zero row", true, func(j [][]float64) { clear(j[n/2]) })
	add("low rank", true, func(j [][]float64) {
		basis := gaussian(rng, (n+1)/2, len(j[0]))
		for i, mix := range gaussian(rng, n, len(basis)) {
			j[i] = combine(basis, mix)
		}
	})
	add("equal rows", true, func(j [][]float64) { copy(j[n-1], j[0]) })
	add("all equal", true, func(j [][]float64) {
		for i := range j {
			copy(j[i], j[0])
		}
	})
	add("parallel rows", true, func(j [][]float64) { j[n-1] = scaled(j[0], 1e3) })
	add("antiparallel rows", true, func(j [][]float64) { j[n-1] = scaled(j[0], -2) })
	add("nearly antiparallel rows", false, func(j [][]float64) {
		for k := range j[0] {
			j[n-1][k] = -j[0][k] + 1e-6*j[n-1][k]
		}
	})
	all[len(all)-1].condition = 1e4
	add("conflicting", false, func(j [][]float64) {
		mean := combine(j, repeated(1/float64(n), n))
		for i := range j {
			for k := range mean {
				j[i][k] -= 0.999 * mean[k]
			}
		}
	})
	add("strongly stationary", true, func(j [][]float64) {
		w := make([]float64, n)
		for i := range w {
			w[i] = -0.1 - rng.Float64()
		}
		w[n-1] = 0
		j[n-1] = combine(j, w)
	})
	add("weakly stationary", true, func(j [][]float64) {
		// The first two gradients cancel; the others lie on one side of them.
		j[1] = scaled(j[0], -0.5)
		for i := 2; i < n; i++ {
			j[i][0] = 1 + math.Abs(j[i][0])
		}
		clear(j[0][1:])
		clear(j[1][1:])
	})
	return all
}

func repeated(x float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x
	}
	return out
}

// combine is Jᵀw.
func combine(j [][]float64, w []float64) []float64 {
	out := make([]float64, len(j[0]))
	for i, row := range j {
		for k, x := range row {
			out[k] += w[i] * x
		}
	}
	return out
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }

func gramOf(j [][]float64) [][]float64 {
	g := make([][]float64, len(j))
	for i := range g {
		g[i] = make([]float64, len(j))
		for k := range g[i] {
			g[i][k] = dot(j[i], j[k])
		}
	}
	return g
}

// single is a copy in float32.
func single(g [][]float64) [][]float32 {
	out := make([][]float32, len(g))
	for i, row := range g {
		for _, x := range row {
			out[i] = append(out[i], float32(x))
		}
	}
	return out
}

// values are the numbers of a tensor as float64.
func values(t testing.TB, x *tensors.Tensor) []float64 {
	t.Helper()
	if flat, ok := x.Value().(float64); ok {
		return []float64{flat}
	}
	switch x.DType().String() {
	case "Float64":
		return tensors.MustCopyFlatData[float64](x)
	case "Float32":
		var out []float64
		for _, v := range tensors.MustCopyFlatData[float32](x) {
			out = append(out, float64(v))
		}
		return out
	case "Int32":
		var out []float64
		for _, v := range tensors.MustCopyFlatData[int32](x) {
			out = append(out, float64(v))
		}
		return out
	}
	t.Fatalf("numbers of dtype %s", x.DType())
	return nil
}

// answer is a Result on the host.
type answer struct {
	weights              []float64
	norm                 []float64
	iterations, residual float64
}

func (a answer) String() string {
	if len(a.weights) > 12 {
		a.weights = a.weights[:12]
	}
	return fmt.Sprintf("weights %.6g, norm %.6g, %v iterations, residual %.3g", a.weights, a.norm, a.iterations, a.residual)
}

func solved(t testing.TB, e *graph.Exec, inputs ...any) answer {
	t.Helper()
	out := e.MustCall(inputs...)
	return answer{values(t, out[0]), values(t, out[1]), values(t, out[2])[0], values(t, out[3])[0]}
}

func (r Result) nodes() []*graph.Node {
	return []*graph.Node{r.Weights, r.Norm, r.Iterations, r.Residual}
}

func finite(xs ...float64) bool {
	for _, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
