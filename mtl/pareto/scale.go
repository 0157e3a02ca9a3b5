package pareto

import (
	"math"
	"slices"
)

// Bounds returns the least and the greatest value of each objective, of the finite points; nil without one.
func Bounds(points [][]float64) (low, high []float64) {
	for _, p := range points {
		if !finite(p) {
			continue
		}
		if low == nil {
			low, high = slices.Clone(p), slices.Clone(p)
		}
		sameLength(p, low)
		for k, v := range p {
			low[k], high[k] = math.Min(low[k], v), math.Max(high[k], v)
		}
	}
	return low, high
}

// Normalized scales each objective to [0, 1] by the bounds of the finite points, so that objectives with different units can be compared. An objective in
// which all of them agree becomes 0. A point that is not finite becomes NaN in every objective.
func Normalized(points [][]float64) [][]float64 {
	low, high := Bounds(points)
	scaled := make([][]float64, len(points))
	for i, p := range points {
		scaled[i] = make([]float64, len(p))
		for k, v := range p {
			switch {
			case !finite(p):
				scaled[i][k] = math.NaN()
			case high[k] > low[k]:
				scaled[i][k] = (v/2 - low[k]/2) / (high[k]/2 - low[k]/2) // halves, as the range of a float64 is not one
			}
		}
	}
	return scaled
}
