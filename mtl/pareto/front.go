package pareto

import (
	"fmt"
	"math"
)

// Dominates tells whether a is at least as good as b in every objective and better in one.
func Dominates(a, b []float64) bool {
	sameLength(a, b)
	better := false
	for i := range a {
		if !(a[i] <= b[i]) {
			return false
		}
		better = better || a[i] < b[i]
	}
	return better
}

// Front returns the indices of the points that no other dominates, in order. Equal points are all on it.
func Front(points [][]float64) []int {
	var front []int
	for i, rank := range Ranks(points) {
		if rank == 0 && finite(points[i]) {
			front = append(front, i)
		}
	}
	return front
}

// Ranks sorts points into fronts (Goldberg 1989; Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 2002,
// section III-A): rank 0 is the front, rank 1 the front of what remains without it, and so on. Points that are not finite have the rank
// after the last.
func Ranks(points [][]float64) []int {
	ranks := make([]int, len(points))
	var open []int
	for i, p := range points {
		if finite(p) {
			open = append(open, i)
		} else {
			ranks[i] = -1
		}
	}
	rank := 0
	for ; len(open) > 0; rank++ {
		var rest []int
		for _, i := range open {
			ranks[i] = rank
			for _, j := range open {
				if Dominates(points[j], points[i]) {
					rest = append(rest, i)
					break
				}
			}
		}
		open = rest
	}
	for i := range ranks {
		if ranks[i] < 0 {
			ranks[i] = rank
		}
	}
	return ranks
}

// finite tells of a point that each of its values is.
func finite(p []float64) bool {
	for _, v := range p {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// sameLength panics where two points cannot be compared.
func sameLength(a, b []float64) {
	if len(a) != len(b) {
		panic(fmt.Sprintf("pareto: a point has %d values and another %d; wanted one for each objective in both", len(a), len(b)))
	}
}
