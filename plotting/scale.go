package plotting

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// scale maps values to shares of an axis or of a colour map.
type scale struct {
	low, high float64
	log       bool
	flip      bool      // the low end is on the right, or at the top
	zero      bool      // a logarithmic scale on which 0 stands at the low end, beyond all other values
	marked    []float64 // where ticks are, sorted; nil means round numbers
}

// fewValues is how many different values a scale shows by ticks of their own.
const fewValues = 9

// linearScale covers values, of which those that are not finite do not count.
func linearScale(values []float64) scale {
	s := scale{low: math.Inf(1), high: math.Inf(-1)}
	for _, v := range values {
		if isFinite(v) {
			s.low, s.high = math.Min(s.low, v), math.Max(s.high, v)
		}
	}
	if s.low > s.high {
		return scale{low: 0, high: 1}
	}
	return s
}

// settingScale covers what a sweep sets: logarithmic if it is weights or spans a factor of 10, with ticks at the values where they are few.
func settingScale(values []float64, weights bool) scale {
	known := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return !isFinite(v) })
	slices.Sort(known)
	known = slices.Compact(known)
	s := linearScale(known)
	if len(known) == 0 {
		return s
	}
	if len(known) <= fewValues {
		s.marked = known
	}
	above := known
	if s.low == 0 {
		above = known[1:]
	}
	if s.low >= 0 && len(above) > 0 && (weights || s.high >= 10*above[0]) {
		s.log = true
		if s.zero = s.low == 0; s.zero {
			s.low = math.Max(above[0]/max(2, math.Exp(0.2*logRatio(s.high, above[0]))), math.SmallestNonzeroFloat64)
		}
	}
	return s
}

// Two numbers that are closer than leastShare of their size, or than leastRange, are one on an
// axis: labels with the digits that would tell them apart could not be read, and what differs by
// so little is rounding.
const (
	leastShare = 1e-9
	leastRange = 1e-300
)

// opened has some room around a single value.
func (s scale) opened() scale {
	size := math.Max(math.Abs(s.low), math.Abs(s.high))
	switch {
	case s.log && logRatio(s.high, s.low) > leastShare:
	case s.log:
		s.low, s.high = math.Max(s.low/2, math.SmallestNonzeroFloat64), capped(s.high*2)
	case s.high-s.low <= math.Max(leastShare*size, leastRange):
		spread := math.Max(size/2, 1e-9)
		s.low, s.high = capped(s.low-spread), capped(s.high+spread)
	}
	return s
}

// share is the place of v, from 0 to 1.
func (s scale) share(v float64) float64 {
	var share float64
	switch {
	case s.low == s.high:
		share = 0.5
	case s.log:
		if v = math.Max(v, 0); s.zero {
			v = math.Max(v, s.low)
		}
		share = logRatio(v, s.low) / logRatio(s.high, s.low)
	default:
		share = ratio(v, s.low, s.high)
	}
	if s.flip {
		return 1 - share
	}
	return share
}

// shows tells whether v has a place on the scale.
func (s scale) shows(v float64) bool { return !math.IsNaN(v) && (!s.log || v > 0 || s.zero && v == 0) }

// padded has a share more on both sides.
func (s scale) padded(share float64) scale {
	if s.log {
		by := math.Exp(share * logRatio(s.high, s.low))
		s.low, s.high = math.Max(s.low/by, math.SmallestNonzeroFloat64), capped(s.high*by)
		return s
	}
	by := share * (s.high - s.low)
	s.low, s.high = capped(s.low-by), capped(s.high+by)
	return s
}

// ticks are about want, in round numbers or where the scale is marked.
func (s scale) ticks(want int, minStep float64) []tick {
	if s.marked != nil {
		ticks := make([]tick, len(s.marked))
		for i, v := range s.marked {
			ticks[i] = tick{v, formatValue(v)}
		}
		return ticks
	}
	if s.low == s.high {
		return []tick{{s.low, formatValue(s.low)}}
	}
	if !s.log {
		return linearTicks(s.low, s.high, want, minStep)
	}
	ticks := logTicks(s.low, s.high, want)
	if s.zero {
		ticks = append([]tick{{0, "0"}}, slices.DeleteFunc(ticks, func(t tick) bool { return s.share(t.value) < 0.05 })...)
	}
	return ticks
}

// along are ticks for a horizontal axis: as many as have room for their labels.
func (s scale) along(length vg.Length, minStep float64) (ticks []tick) {
	const between = 12
	if s.marked != nil {
		return s.sparse(s.ticks(0, minStep), length, func(t tick) vg.Length { return tickStyle().width(t.label) + between/2 })
	}
	for want := 8; want > 0; want-- {
		ticks = s.ticks(want, minStep)
		widest, labels := vg.Length(0), 0
		for _, t := range ticks {
			if t.label != "" {
				widest, labels = max(widest, tickStyle().width(t.label)), labels+1
			}
		}
		if vg.Length(labels)*(widest+between) <= length {
			break
		}
	}
	return ticks
}

// sparse takes the labels from ticks that are too close to the one before.
func (s scale) sparse(ticks []tick, length vg.Length, size func(tick) vg.Length) []tick {
	last := -1
	for i, t := range ticks {
		if t.label == "" {
			continue
		}
		if last >= 0 {
			apart := vg.Length(math.Abs(s.share(t.value)-s.share(ticks[last].value))) * length
			if apart < (size(t)+size(ticks[last]))/2 {
				ticks[i].label = ""
				continue
			}
		}
		last = i
	}
	return ticks
}

// formatValue writes a value of a setting or a result: three significant digits, or all of a whole number of up to five.
func formatValue(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a < 1e5:
		return minus(strconv.FormatFloat(v, 'f', 0, 64))
	case a >= 1e5 || a < 1e-3:
		return scientific(v, 2)
	}
	return minus(strconv.FormatFloat(v, 'g', 3, 64))
}
