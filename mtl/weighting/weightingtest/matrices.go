package weightingtest

import (
	"fmt"
	"math"

	"github.com/gomtl/gomtl/internal/weigh"
	"pgregory.net/rapid"
)

// sample is a Jacobian and what else a property needs. Entries are eighths of whole numbers, so that a matrix that is singular or stationary is so
// exactly.
type sample struct {
	jacobian [][]float64
	order    []int     // a permutation of the rows
	a, b     []float64 // positive factors of the rows
	factor   float64   // a power of two
}

// sizes are tasks and parameters: more of the one and of the other.
var sizes = [][2]int{{2, 3}, {3, 5}, {5, 3}, {4, 6}}

// anyMatrix draws matrices of all ranks, with zero and parallel rows.
func anyMatrix(t *rapid.T) [][]float64 {
	size := rapid.SampledFrom(sizes).Draw(t, "size")
	return rows(t, size[0], size[1])
}

// notStationary draws matrices whose rows all have a positive inner product with one vector: some direction improves every task.
func notStationary(t *rapid.T) [][]float64 {
	size := rapid.SampledFrom(sizes).Draw(t, "size")
	u := rows(t, 1, size[1])[0]
	if norm(u) == 0 {
		u[0] = 1
	}
	jacobian := rows(t, size[0], size[1])
	for _, row := range jacobian {
		along := dot(row, u)
		for k := range row {
			switch {
			case along < 0:
				row[k] = -row[k]
			case along == 0:
				row[k] += u[k]
			}
		}
	}
	return jacobian
}

// weaklyStationary draws matrices with a convex combination of some rows that is 0, but no combination with all rows: a method that heeds every
// task still moves.
func weaklyStationary(t *rapid.T) [][]float64 {
	size := rapid.SampledFrom(sizes[1:]).Draw(t, "size")
	jacobian := rows(t, size[0], size[1])
	last := len(jacobian[0]) - 1
	stuck := rapid.IntRange(2, len(jacobian)-1).Draw(t, "stuck")
	for i, row := range jacobian {
		if row[last] = 0; i >= stuck {
			row[last] = float64(rapid.IntRange(1, 8).Draw(t, "apart")) / 8
		}
	}
	for k := range last { // the stuck rows sum to 0
		jacobian[stuck-1][k] = 0
		for i := range stuck - 1 {
			jacobian[stuck-1][k] -= jacobian[i][k]
		}
	}
	return jacobian
}

// notStronglyStationary draws from both.
func notStronglyStationary(t *rapid.T) [][]float64 {
	if rapid.Bool().Draw(t, "weakly stationary") {
		return weaklyStationary(t)
	}
	return notStationary(t)
}

func rows(t *rapid.T, count, width int) [][]float64 {
	out := make([][]float64, count)
	for i := range out {
		for _, x := range rapid.SliceOfN(rapid.IntRange(-16, 16), width, width).Draw(t, "row") {
			out[i] = append(out[i], float64(x)/8)
		}
	}
	return out
}

func draw(matrices func(*rapid.T) [][]float64) *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		s := sample{jacobian: matrices(t)}
		indices := make([]int, len(s.jacobian))
		for i := range indices {
			indices[i] = i
		}
		s.order = rapid.Permutation(indices).Draw(t, "order")
		for range indices {
			s.a = append(s.a, float64(rapid.IntRange(1, 16).Draw(t, "a"))/4)
			s.b = append(s.b, float64(rapid.IntRange(1, 16).Draw(t, "b"))/4)
		}
		s.factor = math.Ldexp(1, rapid.IntRange(-12, 12).Draw(t, "log₂ factor"))
		return s
	})
}

// ordinary returns steps without anything special: full of numbers that look random, different in each step.
func ordinary(tasks, count int) []weigh.State {
	states := make([]weigh.State, count)
	for i := range states {
		wave := func(t, k int) float64 { return math.Sin(1.7*float64(t*t+3*k) + 2.3*float64(i) + 0.9*float64(k*t)) }
		for t := range tasks {
			var row []float64
			for k := range 6 {
				row = append(row, wave(t, k))
			}
			states[i].Jacobian = append(states[i].Jacobian, row)
			states[i].Losses = append(states[i].Losses, 1.5+wave(t, 11))
			states[i].After = append(states[i].After, 1.4+wave(t, 11))
		}
	}
	return states
}

func describe(state weigh.State) string {
	return fmt.Sprintf("Jacobian %v, losses %v, active %v", state.Jacobian, state.Losses, state.Active)
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }

// distance is the largest difference of two vectors' numbers.
func distance(a, b []float64) float64 {
	largest := 0.0
	for i := range a {
		largest = math.Max(largest, math.Abs(a[i]-b[i]))
	}
	return largest
}

// largestNorm is that of the rows.
func largestNorm(rows [][]float64) float64 {
	largest := 0.0
	for _, row := range rows {
		largest = math.Max(largest, norm(row))
	}
	return largest
}
