package pareto

import "math"

// Knee returns the index of the point of the front that lies furthest below the plane through the front's ends, where a little more of one
// objective costs much of another (Das, "On characterizing the 'knee' of the Pareto curve", Structural Optimization 1999). Objectives are scaled
// to [0, 1] over the front, in which the plane of the ends is Σ_k f_k = 1 for two objectives, and taken as that for more. Ties go to the
// lower index; -1 without a point. A front of one or two points has no bend: the answer is the one with the smaller sum.
func Knee(points [][]float64) int {
	front := Front(points)
	on := make([][]float64, len(front))
	for i, index := range front {
		on[i] = points[index]
	}
	knee, least := -1, math.Inf(1)
	for i, p := range Normalized(on) {
		sum := 0.0
		for _, v := range p {
			sum += v
		}
		if sum < least-1e-12 {
			knee, least = front[i], sum
		}
	}
	return knee
}
