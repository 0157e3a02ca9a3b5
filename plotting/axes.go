package plotting

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// curve is one line of an axes.
type curve struct {
	points  []xy
	color   color.RGBA
	width   vg.Length // of the line; 0 draws none
	dashes  []vg.Length
	marker  draw.GlyphDrawer // nil draws none
	spacing vg.Length        // least distance between two markers
	offset  float64          // of the first marker, as a share of spacing
	dots    vg.Length        // radius of a dot on every point; 0 draws none
	end     draw.GlyphDrawer // marker on the last point; nil draws none
	title   string           // what the curve says under the mouse
}

// axes is one panel: a frame of two axes with curves, and marks below and above them.
type axes struct {
	title    string
	color    color.RGBA // of the title's marker, when there is a title
	marker   draw.GlyphDrawer
	xLabel   string
	yLabel   string
	counts   bool     // x counts something from 0, as steps: ticks are whole numbers
	log      bool     // logarithmic y; values at or below 0 are gaps
	fromZero bool     // y starts at 0
	margins  bool     // x has some room on both sides, as y always has
	flipX    bool     // low values are on the right
	flipY    bool     // low values are at the top
	xScale   *scale   // of x, where it does not follow from the curves
	yNames   []string // of bands from the top down, in place of numbers
	curves   []curve
	under    []mark
	over     []mark
	blank    string // what an axes without data says; "no data yet" when empty
}

// frame is an axes with its ranges and ticks fixed for a given height.
type frame struct {
	axes
	x, y   scale
	yTicks []tick
	empty  bool
}

const (
	panelTitleHeight = vg.Length(19)
	tickLabelHeight  = vg.Length(16)
	axisLabelHeight  = vg.Length(14)
	axisLabelWidth   = vg.Length(16)
)

// layOut chooses ranges and ticks for a plotting area of the given height.
func (a axes) layOut(height vg.Length) frame {
	f := frame{axes: a}
	f.x, f.y = scale{low: math.Inf(1), high: math.Inf(-1), flip: a.flipX}, scale{low: math.Inf(1), high: math.Inf(-1), flip: a.flipY, log: a.log}
	if a.xScale != nil {
		f.x.log, f.x.zero = a.xScale.log, a.xScale.zero
	}
	for _, p := range a.shown() {
		if !f.isGap(p) {
			f.x.low, f.x.high = math.Min(f.x.low, p.x), math.Max(f.x.high, p.x)
			f.y.low, f.y.high = math.Min(f.y.low, p.y), math.Max(f.y.high, p.y)
		}
	}
	if f.empty = f.x.low > f.x.high; f.empty {
		f.x, f.y = scale{low: 0, high: 1}, scale{low: 0, high: 1}
		if f.log && slices.ContainsFunc(a.shown(), func(p xy) bool { return p.y <= 0 }) {
			f.blank = "no value above 0"
		}
		f.curves, f.under, f.over = nil, nil, nil // what they have are gaps
		return f
	}
	f.layOutX()
	if len(a.yNames) > 0 {
		f.y = scale{low: 0, high: float64(len(a.yNames)), flip: true}
		f.yTicks = a.nameTicks()
		return f
	}
	want := int(min(8, height/24))
	if a.fromZero && !a.log {
		f.y.low, f.y.high = math.Min(f.y.low, 0), math.Max(f.y.high, 0)
	}
	f.y = f.y.opened()
	padded := f.y.padded(0.05)
	if a.fromZero && !a.log && f.y.low == 0 {
		padded.low = 0
	}
	f.y = padded
	f.yTicks = f.y.ticks(want, 0)
	return f
}

func (f *frame) layOutX() {
	if f.xScale != nil {
		f.x = *f.xScale
		f.x.flip = f.flipX
	}
	if f.counts {
		f.x.low = math.Min(f.x.low, 0) // a run's first record is not step 0, but its axis starts there
		if f.x.high == 0 {
			f.x.low, f.x.high = -1, 1
		}
	}
	f.x = f.x.opened()
	if f.margins {
		f.x = f.x.padded(0.05)
	}
}

// shown are the points that the axes' ranges cover.
func (a axes) shown() (points []xy) {
	for _, c := range a.curves {
		points = append(points, c.points...)
	}
	for _, marks := range [][]mark{a.under, a.over} {
		for _, m := range marks {
			points = append(points, m.shown()...)
		}
	}
	return points
}

// isGap reports whether a point has no place.
func (f *frame) isGap(p xy) bool {
	return !isFinite(p.x) || !isFinite(p.y) || !f.x.shows(p.x) || !f.y.shows(p.y)
}

// leftWidth is the room that the y axis needs beside the plotting area.
func (f frame) leftWidth() vg.Length {
	w := vg.Length(14)
	for _, t := range f.yTicks {
		w = max(w, tickStyle().width(t.label)+6)
	}
	return w
}

// draw paints the panel; area is the plotting area itself, the title and the labels lie outside it.
func (f frame) draw(c draw.Canvas, area vg.Rectangle, left vg.Length) {
	f.drawTitle(c, area, left)
	at := placing{frame: &f, area: area}
	x, y := at.x, at.y
	if f.empty {
		style := regular(9.5, softInk)
		style.draw(c, (area.Min.X+area.Max.X)/2, (area.Min.Y+area.Max.Y)/2-style.middle(), 0.5, orDefault(f.blank, "no data yet"))
	} else {
		f.drawYTicks(c, area, y)
		f.drawXTicks(c, area, x)
	}
	line(c, draw.LineStyle{Color: axisLine, Width: 0.75},
		vg.Point{X: area.Min.X, Y: area.Max.Y}, area.Min, vg.Point{X: area.Max.X, Y: area.Min.Y})
	f.drawLabels(c, area, left)
	for _, m := range f.under {
		m.draw(c, at)
	}
	for _, curve := range f.curves {
		f.drawCurve(c, curve, x, y)
	}
	for _, m := range f.over {
		m.draw(c, at)
	}
}

func (f frame) drawTitle(c draw.Canvas, area vg.Rectangle, left vg.Length) {
	if f.title == "" {
		return
	}
	x, y := area.Min.X, area.Max.Y+8
	if f.marker != nil {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: f.color, Radius: 3.6, Shape: f.marker}, vg.Point{X: x + 4, Y: y + panelTitleStyle().middle()})
		x += 12
	}
	style := panelTitleStyle()
	style.draw(c, x, y, 0, style.fit(f.title, area.Max.X-x))
}

func (f frame) drawYTicks(c draw.Canvas, area vg.Rectangle, y func(float64) vg.Length) {
	for _, t := range f.yTicks {
		if t.label == "" {
			line(c, draw.LineStyle{Color: axisLine, Width: 0.5}, vg.Point{X: area.Min.X, Y: y(t.value)}, vg.Point{X: area.Min.X - 2, Y: y(t.value)})
			continue
		}
		line(c, draw.LineStyle{Color: gridLine, Width: 0.75}, vg.Point{X: area.Min.X, Y: y(t.value)}, vg.Point{X: area.Max.X, Y: y(t.value)})
		tickStyle().draw(c, area.Min.X-5, y(t.value)-tickStyle().middle(), 1, t.label)
	}
}

func (f frame) drawXTicks(c draw.Canvas, area vg.Rectangle, x func(float64) vg.Length) {
	minStep := 0.0
	if f.counts {
		minStep = 1
	}
	for _, t := range f.x.along(area.Max.X-area.Min.X, minStep) {
		length := vg.Length(3)
		if t.label == "" {
			length = 2
		}
		line(c, draw.LineStyle{Color: axisLine, Width: 0.75}, vg.Point{X: x(t.value), Y: area.Min.Y}, vg.Point{X: x(t.value), Y: area.Min.Y - length})
		tickStyle().draw(c, x(t.value), area.Min.Y-13, 0.5, t.label)
	}
}

func (f frame) drawLabels(c draw.Canvas, area vg.Rectangle, left vg.Length) {
	if f.xLabel != "" {
		style := labelStyle()
		style.draw(c, (area.Min.X+area.Max.X)/2, area.Min.Y-tickLabelHeight-11, 0.5, style.fit(f.xLabel, area.Max.X-area.Min.X+left))
	}
	if f.yLabel != "" {
		labelStyle().drawUpwards(c, area.Min.X-left-7, (area.Min.Y+area.Max.Y)/2, f.yLabel)
	}
}

// drawCurve breaks the line at gaps; a point between two gaps is a dot.
func (f frame) drawCurve(c draw.Canvas, curve curve, x, y func(float64) vg.Length) {
	var run []vg.Point
	var last vg.Point
	next := vg.Length(math.Inf(-1)) // where the next marker may be
	flush := func() {
		style := draw.LineStyle{Color: curve.color, Width: curve.width, Dashes: curve.dashes}
		switch {
		case len(run) == 1 && curve.width > 0 && curve.marker == nil:
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: curve.color, Radius: 0.6 + curve.width, Shape: draw.CircleGlyph{}}, run[0])
		case len(run) > 1 && curve.width > 0:
			line(c, style, run...)
			hover(c, 3, curve.title, simplify(run, 1)...)
		}
		if curve.dots > 0 {
			fillDots(c, curve.color, curve.dots, run)
		}
		for _, p := range run {
			if math.IsInf(float64(next), -1) {
				next = p.X + curve.spacing*vg.Length(curve.offset)
			}
			if curve.marker != nil && p.X >= next {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: curve.color, Radius: 2.6, Shape: curve.marker}, p)
				next = p.X + curve.spacing
			}
		}
		run = run[:0]
	}
	for _, p := range curve.points {
		if f.isGap(p) {
			flush()
			continue
		}
		run = append(run, vg.Point{X: x(p.x), Y: y(p.y)})
		last = run[len(run)-1]
	}
	flush()
	if curve.end != nil && last != (vg.Point{}) {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: curve.color, Radius: 3, Shape: curve.end}, last)
		hover(c, 5, curve.title, last)
	}
}

func line(c draw.Canvas, style draw.LineStyle, points ...vg.Point) {
	var p vg.Path
	p.Move(points[0])
	for _, q := range points[1:] {
		p.Line(q)
	}
	c.SetLineStyle(style)
	c.Stroke(p)
}

// fillDots draws all dots as one path, which keeps a scatter of thousands small.
func fillDots(c draw.Canvas, fill color.Color, radius vg.Length, at []vg.Point) {
	var p vg.Path
	for _, center := range at {
		p.Move(vg.Point{X: center.X + radius, Y: center.Y})
		p.Arc(center, radius, 0, 2*math.Pi)
		p.Close()
	}
	c.SetColor(fill)
	c.Fill(p)
}
