package landscape

import "math"

// ends is |x| at both ends of the Pareto set.
const ends = 7

// ParetoSet returns n points of the Pareto set, from L₂'s minimum at x = −7 to L₁'s at x = 7, evenly spaced in x. The scale of the losses does not
// change it.
func ParetoSet(n int) [][2]float64 {
	points := make([][2]float64, n)
	for i := range points {
		x := ends * (2*float64(i)/float64(max(1, n-1)) - 1)
		points[i] = [2]float64{x, paretoY(x)}
	}
	return points
}

// ParetoDistance returns how far (x, y) is from the Pareto set, within 1 %.
func ParetoDistance(x, y float64) float64 {
	nearest := math.Max(-ends, math.Min(ends, x))
	return math.Hypot(x-nearest, y-paretoY(nearest))
}

// paretoY is y on the Pareto set. There w·∂L₁ + (1−w)·∂L₂ = 0 for w = (x+7)/14, which leaves, with m = w·q₁ + (1−w)·q₂,
//
//	(y+8)/50·tanh(−y/2) = m/2·sech²(y/2)
//
// a line that bends by 0.08 from its middle, −8.3551, to its ends.
func paretoY(x float64) float64 {
	y := -8.4
	for range 30 { // a contraction by 0.3
		m := (49-x*x)/10 + (y+8)*(y+8)/100 - 20
		y = -8 + 25*m/(math.Cosh(y/2)*math.Cosh(y/2)*math.Tanh(-y/2))
	}
	return y
}
