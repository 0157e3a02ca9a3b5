package plotting

import (
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

func TestSettingScale(t *testing.T) {
	for _, c := range []struct {
		values        []float64
		weights       bool
		log, zero     bool
		shareOf, want float64
	}{
		{values: []float64{1, 4, 16, 64, 256}, weights: true, log: true, shareOf: 16, want: 0.5},
		{values: []float64{0.9, 1.1}, weights: true, log: true, shareOf: 1.1, want: 1},
		{values: []float64{1e-4, 1e-2, math.NaN()}, log: true, shareOf: 1e-3, want: 0.5},
		{values: []float64{0, 0.1, 0.5}, shareOf: 0.1, want: 0.2},
		{values: []float64{0, 1, 1024}, weights: true, log: true, zero: true, shareOf: 0, want: 0},
		{values: []float64{-1, 100}, shareOf: 49.5, want: 0.5},
		{values: []float64{3, 3}, weights: true, log: true, shareOf: 3, want: 0.5},
		{values: nil, shareOf: 0.25, want: 0.25},
	} {
		s := settingScale(c.values, c.weights)
		if got := s.share(c.shareOf); s.log != c.log || s.zero != c.zero || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v: log %v, zero %v, %v at %v; wanted %+v", c.values, s.log, s.zero, got, c.shareOf, c)
		}
		s.flip = true
		if got := s.share(c.shareOf); math.Abs(got-(1-c.want)) > 1e-9 {
			t.Errorf("%v, flipped: %v at %v; wanted %v", c.values, got, c.shareOf, 1-c.want)
		}
	}
	if s := settingScale([]float64{0, 1, 1024}, true); !(0 < s.share(1) && s.share(1) < 0.4) {
		t.Errorf("1 is at %v on a scale with 0", s.share(1))
	}
}

func TestTicksHaveRoom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		values := make([]float64, 2+rng.IntN(14))
		for i := range values {
			values[i] = math.Exp(8 * rng.NormFloat64())
		}
		s, length := settingScale(values, rng.IntN(2) == 0), vg.Length(60+300*rng.Float64())
		end, labels := math.Inf(-1), 0
		for _, tick := range s.along(length, 0) {
			if tick.label == "" {
				continue
			}
			at, half := s.share(tick.value)*float64(length), float64(tickStyle().width(tick.label))/2
			if at-half < end {
				t.Fatalf("%v on %v: the label %q at %v begins before %v", values, length, tick.label, at, end)
			}
			end, labels = at+half, labels+1
		}
		if labels == 0 {
			t.Errorf("no label on %v from %v to %v", length, s.low, s.high)
		}
	}
}

// TestLabelsDoNotOverlap places labels among random marks, and looks at the boxes that were painted.
func TestLabelsDoNotOverlap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	area := vg.Rectangle{Max: vg.Point{X: 300, Y: 200}}
	c := draw.New(vgsvg.New(300, 200))
	placed := 0
	for range 50 {
		var marks []vg.Rectangle
		var labels []label
		for range 12 {
			p := vg.Point{X: vg.Length(300 * rng.Float64()), Y: vg.Length(200 * rng.Float64())}
			marks = append(marks, around(p, 4))
			labels = append(labels, label{at: p, clear: 4, text: "seg 64", style: tickStyle(), reach: 20})
		}
		boxes := drawLabels(c, area, marks, nil, labels)
		placed += len(boxes)
		for i, b := range boxes {
			if overlaps(b, marks) > 0 || overlaps(b, boxes) > 1 || !inside(area, b.Min) || !inside(area, b.Max) {
				t.Fatalf("label %d lies over another, or outside", i)
			}
		}
	}
	if placed < 500 {
		t.Errorf("%d of 600 labels found a place", placed)
	}
}

func TestWrap(t *testing.T) {
	style := labelStyle()
	for _, line := range style.wrap("a line of some words and a wordthatislongerthanthelineiswideandsoisshortened end", 60) {
		if style.width(line) > 60 {
			t.Errorf("%q is %v wide", line, style.width(line))
		}
	}
	if lines := style.wrap("  ", 60); len(lines) != 0 {
		t.Errorf("nothing became %q", lines)
	}
}

// TestTicksOfAnyRange: on any range of numbers the ticks rise, lie on the axis, are few, and have
// labels that differ.
func TestTicksOfAnyRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ends := []float64{0, 5e-324, 1e-310, 1e-300, 0.3, math.Nextafter(0.3, 1), 0.3 + 1e-8, 1e9, 1e9 + 1e-6, 1e9 + 30, 1e308, math.MaxFloat64}
	for _, v := range slices.Clone(ends) {
		ends = append(ends, -v)
	}
	for range 30 {
		if v := math.Float64frombits(rng.Uint64()); isFinite(v) {
			ends = append(ends, v)
		}
	}
	for _, low := range ends {
		for _, high := range ends {
			for _, log := range []bool{false, true} {
				if low > high || log && low <= 0 {
					continue
				}
				s := scale{low: low, high: high, log: log}.opened().padded(0.05)
				if !(s.low <= low && high <= s.high && s.low < s.high) {
					t.Fatalf("the axis of %g to %g, log %v, goes from %g to %g", low, high, log, s.low, s.high)
				}
				checkTicks(t, s)
			}
		}
	}
}

func checkTicks(t *testing.T, s scale) {
	t.Helper()
	ticks, seen, last := s.ticks(8, 0), map[string]bool{}, math.Inf(-1)
	for _, tick := range ticks {
		if at := s.share(tick.value); !(at >= -1e-6 && at <= 1+1e-6) || tick.value <= last {
			t.Errorf("log %v, %g to %g: a tick %q at %g, share %g, after %g", s.log, s.low, s.high, tick.label, tick.value, at, last)
		}
		last = tick.value
		if tick.label != "" && seen[tick.label] {
			t.Errorf("log %v, %g to %g: two ticks %q", s.log, s.low, s.high, tick.label)
		}
		seen[tick.label] = true
	}
	if len(ticks) == 0 || len(ticks) > 60 {
		t.Errorf("log %v, %g to %g: %d ticks", s.log, s.low, s.high, len(ticks))
	}
}

// A figure with a mark that has no place on it is an error, not a picture that lies, nor one that
// takes for ever.
func TestMarksFarOutside(t *testing.T) {
	for _, far := range []vg.Length{1e300, -1e9, vg.Length(math.NaN()), vg.Length(math.Inf(1))} {
		for name, paint := range map[string]func(c draw.Canvas){
			"line":  func(c draw.Canvas) { line(c, draw.LineStyle{Color: ink, Width: 1}, vg.Point{}, vg.Point{X: far}) },
			"dot":   func(c draw.Canvas) { fillDots(c, ink, 1, []vg.Point{{Y: far}}) },
			"text":  func(c draw.Canvas) { labelStyle().draw(c, far, 0, 0, "text") },
			"name":  func(c draw.Canvas) { labelStyle().drawUpwards(c, 0, far, "text") },
			"image": func(c draw.Canvas) { c.DrawImage(vg.Rectangle{Max: vg.Point{X: far, Y: 1}}, Gray([]float64{1}, 1)) },
			"hover": func(c draw.Canvas) { hover(c, 1, "text", vg.Point{X: far}) },
		} {
			f := &Figure{width: 100, height: 100, paint: paint}
			if err := f.WriteSVG(io.Discard); err == nil || !strings.Contains(err.Error(), "far outside") {
				t.Errorf("a %s at %g: the error is %v", name, far, err)
			}
		}
	}
}

// A constant curve stays constant to the bit however it is reduced and smoothed.
func TestConstantStaysConstant(t *testing.T) {
	for _, v := range []float64{0.30000001, 0.1, 1e308, -1e308, 5e-324, 0} {
		var r reduction
		for i := range 10_000 {
			r.add(float64(i), v)
		}
		for _, p := range smooth(r.means(), 150) {
			if p.y != v {
				t.Fatalf("%g became %g at %g", v, p.y, p.x)
			}
		}
	}
}
