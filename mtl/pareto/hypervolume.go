package pareto

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Hypervolume is the volume that the points dominate up to the reference point (Zitzler and Thiele 1998): larger is better, and a front that
// dominates another has the larger one. Points that are not finite, or not below the reference in every objective, count for nothing. It is exact, by the
// exclusive volumes of the points in turn (While, Bradstreet and Barone, "A Fast Way of Calculating Exact Hypervolumes", IEEE TEC 2012): n·log n for two
// objectives, exponential in their number in the worst case. A reference that is not finite or of another length, and a volume that no float64 holds, are errors.
func Hypervolume(points [][]float64, reference []float64) (float64, error) {
	if !finite(reference) {
		return math.NaN(), fmt.Errorf("pareto: the reference point is %v; wanted a finite number for each objective", reference)
	}
	var inside [][]float64
	for i, p := range points {
		if len(p) != len(reference) {
			return math.NaN(), fmt.Errorf("pareto: point %d has %d values and the reference point %d; wanted one for each objective in both", i, len(p), len(reference))
		}
		below := finite(p)
		for k := range reference {
			below = below && p[k] < reference[k]
		}
		if below {
			inside = append(inside, p)
		}
	}
	volume := dominated(nonDominated(inside), reference)
	if !finite([]float64{volume}) {
		return math.NaN(), fmt.Errorf("pareto: the volume up to %v is too large for a float64: choose a reference nearer to the points, or scale the objectives", reference)
	}
	return volume, nil
}

// nonDominated keeps each point of the front once.
func nonDominated(points [][]float64) [][]float64 {
	var kept [][]float64
	for _, i := range Front(points) {
		if !slices.ContainsFunc(kept, func(p []float64) bool { return slices.Equal(p, points[i]) }) {
			kept = append(kept, points[i])
		}
	}
	return kept
}

// dominated is the volume of points that do not dominate one another.
func dominated(points [][]float64, reference []float64) float64 {
	slices.SortFunc(points, func(a, b []float64) int { return cmp.Compare(b[0], a[0]) }) // worst first: the limited sets stay small
	volume := 0.0
	if len(reference) == 2 {
		for i, p := range points {
			right := reference[0]
			if i > 0 {
				right = points[i-1][0]
			}
			volume += (right - p[0]) * (reference[1] - p[1])
		}
		return volume
	}
	for i, p := range points {
		box := 1.0
		for k := range reference {
			box *= reference[k] - p[k]
		}
		limited := make([][]float64, 0, len(points)-i-1)
		for _, q := range points[i+1:] {
			worse := make([]float64, len(q))
			for k := range q {
				worse[k] = max(p[k], q[k])
			}
			limited = append(limited, worse)
		}
		volume += box - dominated(nonDominated(limited), reference)
	}
	return volume
}
