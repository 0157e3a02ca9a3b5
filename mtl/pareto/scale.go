package pareto

import "math"

// Bounds returns the least and the greatest value of each objective, of points without a NaN.
func Bounds(points [][]float64) (low, high []float64) {
	for _, p := range points {
		if hasNaN(p) {
			continue
		}
		if low == nil {
			low, high = make([]float64, len(p)), make([]float64, len(p))
			for k := range p {
				low[k], high[k] = math.Inf(1), math.Inf(-1)
			}
		}
		for k, v := range p {
			low[k], high[k] = math.Min(low[k], v), math.Max(high[k], v)
		}
	}
	return low, high
}

// Normalized scales each objective to [0, 1] by the points' bounds, so that objectives with different units can be compared. An objective in which
// all points agree becomes 0.
func Normalized(points [][]float64) [][]float64 {
	low, high := Bounds(points)
	scaled := make([][]float64, len(points))
	for i, p := range points {
		scaled[i] = make([]float64, len(p))
		for k, v := range p {
			if low != nil && high[k] > low[k] {
				v = (v - low[k]) / (high[k] - low[k])
			} else if !math.IsNaN(v) {
				v = 0
			}
			scaled[i][k] = v
		}
	}
	return scaled
}
