package solve

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// The minimum fulfils the conditions of Karush, Kuhn and Tucker: the gradient is the smallest wherever x is above 0.
func TestQuadraticOnSimplex(t *testing.T) {
	const n = 6
	wave := func(i int) float64 { return math.Sin(1.7*float64(i) + float64(i*i%11)) }
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		program := graph.MustNewExec(backend, func(a, b, active *graph.Node) *graph.Node {
			guess := graph.Div(active, graph.ReduceAllSum(active))
			return QuadraticOnSimplex(a, b, guess, active)
		})
		for seed := range 40 {
			rank, sizeA, sizeB := []int{6, 3, 1, 0}[seed%4], math.Pow(10, 3*wave(seed)), math.Pow(10, 5*wave(seed+7))
			if seed == 39 {
				sizeB = 0
			}
			a, b, active := make([][]float64, n), make([]float64, n), make([]float64, n)
			for i := range n {
				a[i], b[i] = make([]float64, n), sizeB*wave(seed+13*i)
				if active[i] = 1; seed%3 == 2 && i%3 == 1 {
					active[i] = 0
				}
				for j := range n {
					for k := range rank {
						a[i][j] += sizeA * wave(seed*100+i*10+k) * wave(seed*100+j*10+k)
					}
				}
			}
			x := tensors.MustCopyFlatData[float64](program.MustCall(a, b, active)[0])
			sum, smallest, scale := 0.0, math.Inf(1), 1e-300
			gradient := make([]float64, n)
			for i := range n {
				gradient[i] = b[i]
				for j := range n {
					gradient[i] += a[i][j] * x[j]
					scale = max(scale, math.Abs(a[i][j]), math.Abs(b[i]))
				}
				sum += x[i]
				if active[i] == 1 {
					smallest = min(smallest, gradient[i])
				} else if x[i] != 0 {
					t.Errorf("case %d: x is %v outside the active tasks %v", seed, x, active)
				}
			}
			for i := range n {
				if off := x[i] * (gradient[i] - smallest) / scale; active[i] == 1 && !(x[i] >= 0 && off <= 1e-9) {
					t.Errorf("case %d: x is %v, the gradient there %v: off by %v", seed, x, gradient, off)
				}
			}
			if !(math.Abs(sum-1) <= 1e-9) {
				t.Errorf("case %d: x sums to %v", seed, sum)
			}
		}
	})
}
