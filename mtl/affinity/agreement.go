package affinity

import (
	"fmt"
	"math"
	"slices"
)

// Spearman is the rank correlation of two lists: the correlation of their ranks, equal values having their mean rank. NaN where a list is
// constant or has a NaN.
func Spearman(a, b []float64) (float64, error) {
	if len(a) != len(b) || len(a) < 2 {
		return math.NaN(), fmt.Errorf("affinity: a rank correlation needs two lists of the same length, 2 at least; got %d and %d values", len(a), len(b))
	}
	if slices.ContainsFunc(a, math.IsNaN) || slices.ContainsFunc(b, math.IsNaN) {
		return math.NaN(), nil // a value that is not known has no rank
	}
	return pearson(ranks(a), ranks(b)), nil
}

func pearson(a, b []float64) float64 {
	n := float64(len(a))
	var meanA, meanB, ab, aa, bb float64
	for i := range a {
		meanA, meanB = meanA+a[i]/n, meanB+b[i]/n
	}
	for i := range a {
		x, y := a[i]-meanA, b[i]-meanB
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case values[i] < values[j]:
			return -1
		case values[i] > values[j]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to-1)/2 + 1
		}
		from = to
	}
	return out
}

// Pearson is the correlation of two lists of the same length; NaN where one is constant or has a value that is not finite.
func Pearson(a, b []float64) (float64, error) {
	if len(a) != len(b) || len(a) < 2 {
		return math.NaN(), fmt.Errorf("affinity: a correlation needs two lists of the same length, 2 at least; got %d and %d values", len(a), len(b))
	}
	return pearson(a, b), nil
}
