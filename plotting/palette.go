package plotting

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// look is how one task or one run is drawn.
type look struct {
	color  color.RGBA
	dashes []vg.Length
	marker draw.GlyphDrawer
}

// Okabe and Ito's colours without the yellow, which is too light for a line on white.
var taskColors = []color.RGBA{
	{0, 114, 178, 255},   // blue
	{213, 94, 0, 255},    // vermilion
	{0, 158, 115, 255},   // bluish green
	{204, 121, 167, 255}, // reddish purple
	{230, 159, 0, 255},   // orange
	{86, 180, 233, 255},  // sky blue
	{64, 64, 64, 255},    // grey for black
}

// Paul Tol's "muted" scheme.
var mutedColors = []color.RGBA{
	{51, 34, 136, 255},   // indigo
	{204, 102, 119, 255}, // rose
	{17, 119, 51, 255},   // green
	{136, 204, 238, 255}, // cyan
	{221, 204, 119, 255}, // sand
	{136, 34, 85, 255},   // wine
	{68, 170, 153, 255},  // teal
	{153, 153, 51, 255},  // olive
	{170, 68, 153, 255},  // purple
}

var dashPatterns = [][]vg.Length{
	nil,
	{6, 2.5},
	{2, 2},
	{8, 2, 2, 2},
	{11, 3},
	{8, 2, 2, 2, 2, 2},
	{4, 1.5, 1, 1.5},
}

var markers = []draw.GlyphDrawer{
	draw.CircleGlyph{}, boxGlyph{}, triangleGlyph{}, diamondGlyph{}, triangleGlyph{down: true}, crossGlyph{}, ringGlyph{},
}

// taskLook is the look of the run's task number i. Colours, dashes and markers come in sevens; from the eighth task on the
// dash and the marker are shifted against the colour, so that no two of the first 49 tasks look alike.
func taskLook(i int) look { return lookIn(taskColors, i) }

func runLook(i int) look { return lookIn(mutedColors, i) }

func lookIn(colors []color.RGBA, i int) look {
	round := i / len(colors)
	return look{
		color:  colors[i%len(colors)],
		dashes: dashPatterns[(i%len(colors)+3*round)%len(dashPatterns)],
		marker: markers[(i%len(colors)+2*round)%len(markers)],
	}
}

// classColor is the colour of class i in label maps; unlabelled (i < 0) is white. Class 0 is dark, as it is the background in
// nearly every label map; beyond ten classes the colours come again, lighter, then darker.
func classColor(i int) color.RGBA {
	switch {
	case i < 0:
		return paper
	case i == 0:
		return color.RGBA{48, 48, 48, 255}
	}
	i--
	c := mutedColors[(i*4+3)%len(mutedColors)] // steps of four keep neighbours apart
	switch i / len(mutedColors) % 3 {
	case 1:
		return blend(c, paper, 0.5)
	case 2:
		return blend(c, ink, 0.5)
	}
	return c
}

// blend mixes a share of b into a; opaque, unlike an alpha value, so curves on curves do not darken.
func blend(a, b color.RGBA, share float64) color.RGBA {
	mix := func(x, y uint8) uint8 { return uint8(float64(x)*(1-share) + float64(y)*share + 0.5) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// labelGround lets a little of what is below a text shine through.
var labelGround = color.NRGBA{255, 255, 255, 205}

var validationDashes = []vg.Length{4, 2.5}

// TaskColor is the colour of the run's task number i in every figure.
func TaskColor(i int) color.RGBA { return taskLook(i).color }
