package pareto

import (
	"cmp"
	"math"
	"slices"
)

// Gap is a stretch of the front between two neighbours, by their indices.
type Gap struct {
	A, B int
	// Length is the distance of the two after each objective is scaled to [0, 1] over the front.
	Length float64
}

// Gaps returns where the front is thin, the longest gap first: the edges of the front's minimum spanning tree (Prim), which with two objectives is the
// path along the front, as both coordinates are monotone there.
func Gaps(points [][]float64) []Gap {
	front := distinct(points, Front(points))
	on := make([][]float64, len(front))
	for i, index := range front {
		on[i] = points[index]
	}
	on = Normalized(on)
	var gaps []Gap
	nearest, from := make([]float64, len(on)), make([]int, len(on))
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	done := make([]bool, len(on))
	for at, left := 0, len(on); left > 1; left-- {
		done[at] = true
		next := -1
		for i := range on {
			if done[i] {
				continue
			}
			if d := distance(on[at], on[i]); d < nearest[i] {
				nearest[i], from[i] = d, at
			}
			if next < 0 || nearest[i] < nearest[next] {
				next = i
			}
		}
		gaps = append(gaps, Gap{A: front[from[next]], B: front[next], Length: nearest[next]})
		at = next
	}
	slices.SortStableFunc(gaps, func(a, b Gap) int { return cmp.Compare(b.Length, a.Length) })
	return gaps
}

// distinct drops indices of points that an earlier one equals.
func distinct(points [][]float64, indices []int) []int {
	var kept []int
	for _, i := range indices {
		if !slices.ContainsFunc(kept, func(k int) bool { return slices.Equal(points[k], points[i]) }) {
			kept = append(kept, i)
		}
	}
	return kept
}

func distance(a, b []float64) float64 {
	sum := 0.0
	for k := range a {
		sum += (a[k] - b[k]) * (a[k] - b[k])
	}
	return math.Sqrt(sum)
}
