package plotting

import (
	"image"
	"image/color"
	"math"
	"sync"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colorMap goes from dark violet through blue and green to light green: the first eight tenths of viridis (Smith and van der Walt 2015), whose yellow end is too light
// for a line on paper. Between viridis's tenths it is linear in CIELAB, with lightness linear in the value, so it is even to the eye, to eyes that
// are blind for a colour, and in grey.
var colorMap = sync.OnceValue(func() palette.ColorMap {
	viridis := []color.Color{
		color.RGBA{0x44, 0x01, 0x54, 255}, color.RGBA{0x48, 0x25, 0x76, 255}, color.RGBA{0x41, 0x44, 0x87, 255},
		color.RGBA{0x35, 0x60, 0x8d, 255}, color.RGBA{0x2a, 0x78, 0x8e, 255}, color.RGBA{0x21, 0x90, 0x8c, 255},
		color.RGBA{0x22, 0xa8, 0x84, 255}, color.RGBA{0x43, 0xbf, 0x71, 255}, color.RGBA{0x7a, 0xd1, 0x51, 255},
	}
	m, err := moreland.NewLuminance(viridis)
	if err != nil {
		panic(err) // the colours become lighter one by one
	}
	m.SetMin(0)
	m.SetMax(1)
	return m
})

// divergingMap goes from blue over light grey to red (Moreland, "Diverging color maps for scientific visualization", 2009).
var divergingMap = sync.OnceValue(func() palette.ColorMap {
	m := moreland.SmoothBlueRed()
	m.SetMin(0)
	m.SetMax(1)
	return m
})

// mapped is the colour of a share from 0 to 1 of a range.
func mapped(share float64) color.RGBA { return on(colorMap(), share) }

func on(m palette.ColorMap, share float64) color.RGBA {
	if math.IsNaN(share) {
		return unknownColor
	}
	c, err := m.At(math.Max(0, math.Min(1, share)))
	if err != nil {
		return unknownColor // the map covers [0, 1]
	}
	return color.RGBAModel.Convert(c).(color.RGBA)
}

var (
	unknownColor = color.RGBA{170, 170, 170, 255} // of a value that there is not
	chosenColor  = taskColors[1]                  // of the ring around what was chosen
)

// colored is a quantity that colours stand for.
type colored struct {
	scale
	name      string
	diverging bool // around the middle of the scale
}

func (s *colored) at(share float64) color.RGBA {
	if s.diverging {
		return on(divergingMap(), share)
	}
	return mapped(share)
}

// color is that of a value, grey where there is none.
func (s *colored) color(v float64) color.RGBA {
	if s == nil || !s.shows(v) {
		return unknownColor
	}
	return s.at(s.share(v))
}

const (
	colorBarHeight = vg.Length(30) // of a colour bar with its ticks
	colorBarWidth  = vg.Length(210)
)

// height is the room for the bar, 0 where there is no quantity.
func (s *colored) height() vg.Length {
	if s == nil {
		return 0
	}
	return colorBarHeight
}

// draw paints the bar centred below top, the quantity's name beside it.
func (s *colored) draw(c draw.Canvas, left, top, width vg.Length) {
	if s == nil {
		return
	}
	style := labelStyle()
	bar := min(colorBarWidth, width/2)
	name := style.fit(s.name, width-bar-20)
	x := left + (width-bar-style.width(name)-8)/2
	const thick = vg.Length(9)
	area := vg.Rectangle{Min: vg.Point{X: x + style.width(name) + 8, Y: top - 4 - thick}}
	area.Max = area.Min.Add(vg.Point{X: bar, Y: thick})
	style.draw(c, x, area.Min.Y+thick/2-style.middle(), 0, name)
	columns, rows := pixelsOf(bar), pixelsOf(thick)
	picture := image.NewRGBA(image.Rect(0, 0, columns, rows))
	for column := range columns {
		shade := s.at((float64(column) + 0.5) / float64(columns))
		for row := range rows {
			picture.SetRGBA(column, row, shade)
		}
	}
	c.DrawImage(area, picture)
	tickLine := draw.LineStyle{Color: axisLine, Width: 0.75}
	c.SetLineStyle(tickLine)
	c.Stroke(area.Path())
	for _, t := range s.along(bar, 0) {
		at := area.Min.X + bar*vg.Length(s.share(t.value))
		line(c, tickLine, vg.Point{X: at, Y: area.Min.Y}, vg.Point{X: at, Y: area.Min.Y - 3})
		tickStyle().draw(c, at, area.Min.Y-12, 0.5, t.label)
	}
}
