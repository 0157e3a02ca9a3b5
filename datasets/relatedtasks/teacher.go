package relatedtasks

import (
	"math"

	"github.com/gomtl/gomtl/datasets"
)

// Teacher is the function behind one task's labels: z(x) = Scale·vᵀ tanh(2·U·x), with mean 0 and variance 1 for x ~ N(0, I).
type Teacher struct {
	U     [][]float64 // [k][d]
	V     []float64   // [k], of length 1
	Scale float64
}

// Streams that are no part of the examples.
const (
	common = datasets.Test + 1 // one stream for each cluster
	own    = datasets.Test + 2 // one stream for each task
	same   = datasets.Test + 3 // one for each example of Common
)

// Teachers are the functions behind the tasks, in order.
func (c Config) Teachers() ([]Teacher, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	teachers := make([]Teacher, c.Tasks)
	for t := range teachers {
		teachers[t] = c.teacher(t)
	}
	return teachers, nil
}

// teacher draws U₀ from the stream of the cluster and V_t, then v_t, from that of the task, row by row.
func (c Config) teacher(task int) Teacher {
	shared, single := datasets.Stream(c.Seed, common, c.cluster(task)), datasets.Stream(c.Seed, own, task)
	t := Teacher{V: make([]float64, c.Features)}
	deviation := 1 / math.Sqrt(float64(c.Inputs))
	for range c.Features {
		row := make([]float64, c.Inputs)
		for i := range row {
			row[i] = deviation * (math.Sqrt(c.Overlap)*shared.NormFloat64() + math.Sqrt(1-c.Overlap)*single.NormFloat64())
		}
		t.U = append(t.U, row)
	}
	length := 0.0
	for i := range t.V {
		t.V[i] = single.NormFloat64()
		length = math.Hypot(length, t.V[i])
	}
	for i := range t.V {
		t.V[i] /= length
	}
	t.Scale = 1 / math.Sqrt(t.variance())
	return t
}

// Value is z(x).
func (t Teacher) Value(x []float64) float64 {
	sum := 0.0
	for i, row := range t.U {
		sum += t.V[i] * math.Tanh(2*dot(row, x))
	}
	return t.Scale * sum
}

// variance of vᵀ tanh(2Ux) is Σ_ij v_i v_j E[tanh(2a_i)·tanh(2a_j)], with (a_i, a_j) normal, of covariance ⟨u_i, u_j⟩.
func (t Teacher) variance() (sum float64) {
	for i, u := range t.U {
		for j, w := range t.U {
			sum += t.V[i] * t.V[j] * covariance(dot(u, u), dot(w, w), dot(u, w))
		}
	}
	return sum
}

// covariance is E[tanh(2a)·tanh(2b)] for a normal pair of these variances and covariance, by the trapezoid rule, which is as good as exact on
// functions that fall like a Gaussian.
func covariance(aa, bb, ab float64) (sum float64) {
	const step, reach = 0.25, 8.0
	a := math.Sqrt(aa)
	along := ab / a
	across := math.Sqrt(math.Max(0, bb-along*along))
	for p := -reach; p <= reach; p += step {
		first := math.Exp(-p*p/2) * math.Tanh(2*a*p)
		for q := -reach; q <= reach; q += step {
			sum += first * math.Exp(-q*q/2) * math.Tanh(2*(along*p+across*q))
		}
	}
	return sum * step * step / (2 * math.Pi)
}

func dot(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}
