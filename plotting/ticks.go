package plotting

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// tick is a labelled place on an axis; a minor tick has no label.
type tick struct {
	value float64
	label string
}

// linearTicks returns about want round values in [low, high], at steps of 1, 2 or 5 times a power of ten and at least minStep.
func linearTicks(low, high float64, want int, minStep float64) []tick {
	parts := float64(max(want, 1))
	step := roundStep(high/parts-low/parts, minStep)
	var ticks []tick
	first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
	for i := range 100 {
		n := first + float64(i)
		if v := n * step; n <= last && isFinite(v) && (i == 0 || v > ticks[len(ticks)-1].value) {
			ticks = append(ticks, tick{value: v})
			continue
		}
		break
	}
	largest := math.Max(math.Abs(first), math.Abs(last)) * step
	for i := range ticks {
		ticks[i].label = formatTick(ticks[i].value, step, largest)
	}
	return ticks
}

func roundStep(rough, minStep float64) float64 {
	rough = math.Max(math.Max(rough, minStep), leastRange) // a smaller power of ten is 0
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= 0.75*rough {
			return m * power
		}
	}
	return 10 * power
}

// formatTick writes all labels of an axis alike: fixed decimals, or thousands and millions, or powers of ten.
func formatTick(v, step, largest float64) string {
	if v == 0 {
		return "0"
	}
	switch {
	case largest >= 1e9 || largest < 1e-3:
		digits := 2
		if ratio := math.Abs(v) / step; ratio > 1 {
			digits = max(2, int(math.Ceil(math.Log10(ratio)-1e-9)))
		}
		return scientific(v, digits)
	case largest >= 1e6:
		return fixed(v/1e6, step/1e6) + "M"
	case largest >= 1e4:
		return fixed(v/1e3, step/1e3) + "k"
	}
	return fixed(v, step)
}

func fixed(v, step float64) string {
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	return minus(strconv.FormatFloat(v, 'f', decimals, 64))
}

// minus writes the sign of a number as one.
func minus(number string) string { return strings.Replace(number, "-", "−", 1) }

// scientific writes at most so many digits after the first, as 1.25e−5.
func scientific(v float64, digits int) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits, 64), "e")
	mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	n, _ := strconv.Atoi(exponent) // FormatFloat wrote it
	return strings.ReplaceAll(mantissa+"e"+strconv.Itoa(n), "-", "−")
}

// logTicks returns about want values in [low, high] for a logarithmic axis: powers of ten over a wide range, with 2 and 5
// between them over a narrower one, and evenly spaced values where less than a factor of four is shown.
func logTicks(low, high float64, want int) []tick {
	decades := logRatio(high, low) / math.Ln10
	if decades < 0.6 {
		outside := func(t tick) bool { return t.value < low*(1-1e-9) || t.value > high*(1+1e-9) }
		ticks := slices.DeleteFunc(linearTicks(low, high, want, 0), outside)
		if len(ticks) == 0 { // there is no round number between them
			ticks = []tick{{low, formatLog(low)}, {high, formatLog(high)}}
		}
		return ticks
	}
	mantissas := []float64{1, 2, 5}
	if 3*decades > 1.6*float64(want) {
		mantissas = []float64{1}
	}
	every := max(1, int(math.Ceil(decades/float64(max(want, 1)))))
	var ticks []tick
	for e := int(math.Floor(logOf(low) / math.Ln10)); e <= int(math.Ceil(logOf(high)/math.Ln10)); e++ {
		for m := 1.0; m < 10; m++ {
			t := tick{value: m * math.Pow10(e)}
			for _, labelled := range mantissas {
				if m == labelled && e%every == 0 {
					t.label = formatLog(t.value)
				}
			}
			if t.value >= low*(1-1e-9) && t.value <= high*(1+1e-9) && (t.label != "" || decades < 6) {
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}

func formatLog(v float64) string {
	if v >= 1e-3*(1-1e-9) && v < 9.99e3 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return scientific(v, 2)
}
