package plotting

import "math"

// smooth returns the curve ps with each value replaced by that of a straight line fitted to its neighbours, weighted by a
// Gaussian of standard deviation sigma in x (local linear regression: Cleveland, "Robust Locally Weighted Regression and
// Smoothing Scatterplots", 1979, with a Gaussian kernel). Unlike a moving average it neither lags nor bends at the ends.
// Gaps stay: no value is averaged across one, and where neighbours are equal the value stays to the bit.
func smooth(ps []xy, sigma float64) []xy {
	out := make([]xy, 0, len(ps))
	for start := 0; start < len(ps); {
		end := start
		for end < len(ps) && !ps[end].isGap() {
			end++
		}
		out = appendSmoothed(out, ps[start:end], sigma)
		if end < len(ps) {
			out = append(out, gap)
		}
		start = end + 1
	}
	return out
}

func appendSmoothed(out, ps []xy, sigma float64) []xy {
	const reach = 3 // standard deviations after which a weight is negligible
	first := 0
	var size int // in units of 2^size nothing overflows
	for _, p := range ps {
		size = max(size, exponent(p.y)-500)
	}
	for _, p := range ps {
		for ps[first].x < p.x-reach*sigma {
			first++
		}
		var s0, s1, s2, t0, t1 float64
		for _, q := range ps[first:] {
			d := q.x - p.x
			if d > reach*sigma {
				break
			}
			w := 1.0
			if sigma > 0 {
				w = math.Exp(-d * d / (2 * sigma * sigma))
			}
			s0 += w
			s1 += w * d
			s2 += w * d * d
			above := math.Ldexp(q.y, -size) - math.Ldexp(p.y, -size)
			t0 += w * above
			t1 += w * d * above
		}
		rise := t0 / s0
		if det := s0*s2 - s1*s1; det > 1e-9*s0*s2 {
			rise = (s2*t0 - s1*t1) / det
		}
		out = append(out, xy{p.x, capped(math.Ldexp(math.Ldexp(p.y, -size)+rise, size))})
	}
	return out
}

// inLog applies f to the logarithms of the values.
func inLog(ps []xy, f func([]xy) []xy) []xy {
	logs := make([]xy, len(ps))
	for i, p := range ps {
		logs[i] = gap
		if p.y > 0 {
			logs[i] = xy{p.x, logOf(p.y)}
		}
	}
	out := f(logs)
	for i := range out {
		out[i].y = math.Exp(out[i].y)
	}
	return out
}
