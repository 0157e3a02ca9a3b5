package plotting

import (
	"encoding/json"
	"image/color"
	"math"
	"os"
	"testing"
)

// TestColorMap holds the map against Matplotlib's viridis and against how eyes that are blind for a colour see: benchmarks/oracles/colormap.
func TestColorMap(t *testing.T) {
	data, err := os.ReadFile("testdata/colormap.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Viridis [][3]float64
		Blind   map[string][3][3]float64
	}
	if err := json.Unmarshal(data, &oracle); err != nil {
		t.Fatal(err)
	}
	if len(oracle.Viridis) != 256 || len(oracle.Blind) != 3 {
		t.Fatalf("the oracle has %d colours and %d matrices", len(oracle.Viridis), len(oracle.Blind))
	}
	const steps = 20
	first, last := lightness(linear(mapped(0))), lightness(linear(mapped(1)))
	previous := map[string]float64{}
	for i := range steps + 1 {
		share := float64(i) / steps
		c := mapped(share)
		if d := distanceTo(oracle.Viridis, c); d > 6 {
			t.Errorf("%v at %v is %.1f away from viridis", c, share, d)
		}
		rgb := linear(c)
		if l, want := lightness(rgb), first+share*(last-first); math.Abs(l-want) > 0.7 {
			t.Errorf("lightness %.1f at %v; wanted %.1f", l, share, want)
		}
		for kind, matrix := range oracle.Blind {
			var seen [3]float64
			for row := range matrix {
				for k, m := range matrix[row] {
					seen[row] += m * rgb[k]
				}
			}
			l := lightness(seen)
			if before, ok := previous[kind]; ok && l < before+1.5 {
				t.Errorf("%s: lightness goes from %.1f to %.1f at %v", kind, before, l, share)
			}
			previous[kind] = l
		}
	}
	if contrast := 1.05 / (luminance(linear(mapped(1))) + 0.05); contrast < 1.7 {
		t.Errorf("the lightest colour has contrast %.2f on paper", contrast)
	}
	if mapped(math.NaN()) != unknownColor || mapped(-3) != mapped(0) || mapped(7) != mapped(1) {
		t.Error("what is outside the map is not at its ends, or NaN is not grey")
	}
}

// linear is sRGB without its transfer function (IEC 61966-2-1).
func linear(c color.RGBA) (rgb [3]float64) {
	for i, v := range []uint8{c.R, c.G, c.B} {
		s := float64(v) / 255
		if rgb[i] = s / 12.92; s > 0.04045 {
			rgb[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return rgb
}

func luminance(rgb [3]float64) float64 { return 0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2] }

// lightness is CIELAB's L*.
func lightness(rgb [3]float64) float64 { return 116*math.Cbrt(luminance(rgb)) - 16 }

func distanceTo(colors [][3]float64, c color.RGBA) float64 {
	least := math.Inf(1)
	for _, o := range colors {
		least = math.Min(least, math.Sqrt(math.Pow(o[0]-float64(c.R), 2)+math.Pow(o[1]-float64(c.G), 2)+math.Pow(o[2]-float64(c.B), 2)))
	}
	return least
}
