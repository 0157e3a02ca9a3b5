package plotting

import (
	"image/color"
	"math"
	"sort"
	"strings"
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes in points; a browser shows 3 points as 4 pixels.
const (
	figureWidth = vg.Length(560)
	margin      = vg.Length(12)
)

var (
	paper    = color.RGBA{255, 255, 255, 255}
	border   = color.RGBA{208, 208, 208, 255}
	ink      = color.RGBA{34, 34, 34, 255}
	softInk  = color.RGBA{95, 95, 95, 255} // 6.4:1 on paper
	gridLine = color.RGBA{230, 230, 230, 255}
	axisLine = color.RGBA{150, 150, 150, 255}
)

// textStyle draws text in one size and colour.
type textStyle struct {
	face  font.Face
	color color.Color
}

// Only two faces are linked: all twelve of the family would add 3 MB to every notebook cell.
var faces = sync.OnceValue(func() (parsed struct{ regular, bold *opentype.Font }) {
	var err error
	if parsed.regular, err = opentype.Parse(liberationsansregular.TTF); err == nil {
		parsed.bold, err = opentype.Parse(liberationsansbold.TTF)
	}
	if err != nil {
		panic(err) // the fonts are part of the program
	}
	return parsed
})

func regular(size vg.Length, c color.Color) textStyle {
	return textStyle{font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Face: faces().regular}, c}
}

func bold(size vg.Length, c color.Color) textStyle {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Weight: xfont.WeightBold, Size: size}
	return textStyle{font.Face{Font: f, Face: faces().bold}, c}
}

func titleStyle() textStyle      { return bold(12.5, ink) }
func panelTitleStyle() textStyle { return bold(10.5, ink) }
func labelStyle() textStyle      { return regular(10, ink) }
func tickStyle() textStyle       { return regular(9, softInk) }

// middle is how far below a line's centre its baseline lies, for text centred on capitals and figures.
func (t textStyle) middle() vg.Length { return t.face.Font.Size * 0.36 }

func (t textStyle) width(s string) vg.Length { return t.face.Width(s) }

// draw writes s on the baseline y; align is 0 when x is the left end, 0.5 for the centre, 1 for the right end.
func (t textStyle) draw(c draw.Canvas, x, y vg.Length, align float64, s string) {
	if s == "" {
		return
	}
	c.SetColor(t.color)
	c.FillString(t.face, vg.Point{X: x - vg.Length(align)*t.width(s), Y: y}, s)
}

// drawUpwards writes s centred on y, a quarter turn counterclockwise, with its baseline at x.
func (t textStyle) drawUpwards(c draw.Canvas, x, y vg.Length, s string) {
	c.Push()
	c.Translate(vg.Point{X: x, Y: y})
	c.Rotate(math.Pi / 2)
	t.draw(c, 0, 0, 0.5, s)
	c.Pop()
}

// fit shortens s in the middle until it is at most width wide: the ends are what tells names apart.
func (t textStyle) fit(s string, width vg.Length) string {
	if t.width(s) <= width {
		return s
	}
	runes := []rune(s)
	short := func(keep int) string {
		head := (keep + 1) / 2
		return string(runes[:head]) + "…" + string(runes[len(runes)-(keep-head):])
	}
	drop := sort.Search(len(runes)-2, func(drop int) bool { return t.width(short(len(runes)-1-drop)) <= width })
	if drop < len(runes)-2 {
		return short(len(runes) - 1 - drop)
	}
	return "…"
}

// wrap breaks s at spaces into lines of at most width; a word that is wider is shortened.
func (t textStyle) wrap(s string, width vg.Length) (lines []string) {
	current := ""
	for word := range strings.FieldsSeq(s) {
		longer := strings.TrimSpace(current + " " + word)
		if current != "" && t.width(longer) > width {
			lines = append(lines, current)
			longer = word
		}
		current = t.fit(longer, width)
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}
