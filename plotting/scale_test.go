package plotting

import (
	"math"
	"math/rand/v2"
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
