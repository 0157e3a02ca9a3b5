package plotting

import "math"

// Figures take any float64: what follows neither overflows nor divides by 0 where the plain
// formula would.

// capped is v, or the greatest number of its sign where v is infinite.
func capped(v float64) float64 {
	return math.Max(-math.MaxFloat64, math.Min(v, math.MaxFloat64))
}

// ratio is (v−low)/(high−low).
func ratio(v, low, high float64) float64 {
	if math.IsInf(high-low, 0) || math.IsInf(v-low, 0) {
		v, low, high = v/4, low/4, high/4
	}
	return (v - low) / (high - low)
}

// mix is the number at a share of the way from a to b.
func mix(a, b, share float64) float64 {
	if way := b - a; !math.IsInf(way, 0) {
		return a + way*share
	}
	return a*(1-share) + b*share
}

// logRatio is the logarithm of a/b, for numbers above 0.
func logRatio(a, b float64) float64 {
	if r := a / b; r >= leastNormal && !math.IsInf(r, 0) {
		return math.Log(r)
	}
	return logOf(a) - logOf(b)
}

// leastNormal is the least number above 0 that has all its digits.
const leastNormal = 0x1p-1022

// logOf is the logarithm of v, which math.Log has wrong for numbers below leastNormal on some
// processors.
func logOf(v float64) float64 {
	if v > 0 && v < leastNormal {
		return math.Log(math.Ldexp(v, 64)) - 64*math.Ln2
	}
	return math.Log(v)
}

// exponent is that of 2 by which values are to be divided so that the greatest is between ½ and 1;
// 0 where all are 0.
func exponent(values ...float64) int {
	largest := 0.0
	for _, v := range values {
		largest = math.Max(largest, math.Abs(v))
	}
	_, e := math.Frexp(largest)
	return e
}

// unit is the direction of d: of length 1, or 0 where d is.
func unit(d [2]float64) [2]float64 {
	e := exponent(d[0], d[1])
	x, y := math.Ldexp(d[0], -e), math.Ldexp(d[1], -e)
	if length := math.Hypot(x, y); length > 0 {
		return [2]float64{x / length, y / length}
	}
	return [2]float64{}
}
