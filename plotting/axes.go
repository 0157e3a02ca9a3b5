package plotting

import (
	"image/color"
	"math"

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
}

// axes is one panel: a frame of two axes with curves.
type axes struct {
	title    string
	color    color.RGBA // of the title's marker, when there is a title
	marker   draw.GlyphDrawer
	xLabel   string
	yLabel   string
	counts   bool // x counts something from 0, as steps: ticks are whole numbers
	log      bool // logarithmic y; values at or below 0 are gaps
	fromZero bool // y starts at 0
	curves   []curve
}

// frame is an axes with its ranges and ticks fixed for a given height.
type frame struct {
	axes
	xLow, xHigh, yLow, yHigh float64
	yTicks                   []tick
	empty                    bool
}

const (
	panelTitleHeight = vg.Length(19)
	tickLabelHeight  = vg.Length(16)
	axisLabelHeight  = vg.Length(14)
	axisLabelWidth   = vg.Length(16)
)

// layOut chooses ranges and ticks for a plotting area of the given height.
func (a axes) layOut(height vg.Length) frame {
	f := frame{axes: a, xLow: math.Inf(1), xHigh: math.Inf(-1), yLow: math.Inf(1), yHigh: math.Inf(-1)}
	for _, c := range a.curves {
		for _, p := range c.points {
			if a.isGap(p) {
				continue
			}
			f.xLow, f.xHigh = math.Min(f.xLow, p.x), math.Max(f.xHigh, p.x)
			f.yLow, f.yHigh = math.Min(f.yLow, p.y), math.Max(f.yHigh, p.y)
		}
	}
	if f.empty = f.xLow > f.xHigh; f.empty {
		f.xLow, f.xHigh, f.yLow, f.yHigh = 0, 1, 0, 1
		return f
	}
	if f.counts {
		f.xLow = math.Min(f.xLow, 0) // a run's first record is not step 0, but its axis starts there
	}
	if f.xLow == f.xHigh {
		spread := 1.0
		if !f.counts {
			spread = math.Max(math.Abs(f.xLow)/2, 1e-9)
		}
		f.xLow, f.xHigh = f.xLow-spread, f.xHigh+spread
	}
	want := int(min(8, height/24))
	if a.log {
		if f.yLow == f.yHigh {
			f.yLow, f.yHigh = f.yLow/2, f.yHigh*2
		}
		pad := math.Pow(f.yHigh/f.yLow, 0.05)
		f.yLow, f.yHigh = f.yLow/pad, f.yHigh*pad
		f.yTicks = logTicks(f.yLow, f.yHigh, want)
		return f
	}
	if a.fromZero {
		f.yLow, f.yHigh = math.Min(f.yLow, 0), math.Max(f.yHigh, 0)
	}
	if f.yLow == f.yHigh {
		spread := math.Max(math.Abs(f.yLow)/2, 1e-9)
		f.yLow, f.yHigh = f.yLow-spread, f.yHigh+spread
	}
	pad := 0.05 * (f.yHigh - f.yLow)
	if !a.fromZero || f.yLow < 0 {
		f.yLow -= pad
	}
	f.yHigh += pad
	f.yTicks = linearTicks(f.yLow, f.yHigh, want, 0)
	return f
}

func (a axes) isGap(p xy) bool { return p.isGap() || a.log && p.y <= 0 }

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
	x := func(v float64) vg.Length {
		return area.Min.X + 4 + (area.Max.X-area.Min.X-8)*vg.Length((v-f.xLow)/(f.xHigh-f.xLow))
	}
	y := func(v float64) vg.Length {
		share := (v - f.yLow) / (f.yHigh - f.yLow)
		if f.log {
			share = math.Log(v/f.yLow) / math.Log(f.yHigh/f.yLow)
		}
		return area.Min.Y + (area.Max.Y-area.Min.Y)*vg.Length(share)
	}
	if f.empty {
		style := regular(9.5, softInk)
		style.draw(c, (area.Min.X+area.Max.X)/2, (area.Min.Y+area.Max.Y)/2-style.middle(), 0.5, "no data yet")
	} else {
		f.drawYTicks(c, area, y)
		f.drawXTicks(c, area, x)
	}
	line(c, draw.LineStyle{Color: axisLine, Width: 0.75},
		vg.Point{X: area.Min.X, Y: area.Max.Y}, area.Min, vg.Point{X: area.Max.X, Y: area.Min.Y})
	f.drawLabels(c, area, left)
	for _, curve := range f.curves {
		f.drawCurve(c, curve, x, y)
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
	for _, t := range f.xTicks(area.Max.X - area.Min.X) {
		line(c, draw.LineStyle{Color: axisLine, Width: 0.75}, vg.Point{X: x(t.value), Y: area.Min.Y}, vg.Point{X: x(t.value), Y: area.Min.Y - 3})
		tickStyle().draw(c, x(t.value), area.Min.Y-13, 0.5, t.label)
	}
}

// xTicks returns as many ticks as have room for their labels.
func (f frame) xTicks(width vg.Length) (ticks []tick) {
	minStep := 0.0
	if f.counts {
		minStep = 1
	}
	for want := 8; want > 0; want-- {
		ticks = linearTicks(f.xLow, f.xHigh, want, minStep)
		widest := vg.Length(0)
		for _, t := range ticks {
			widest = max(widest, tickStyle().width(t.label))
		}
		if vg.Length(len(ticks))*(widest+12) <= width {
			break
		}
	}
	return ticks
}

func (f frame) drawLabels(c draw.Canvas, area vg.Rectangle, left vg.Length) {
	if f.xLabel != "" {
		labelStyle().draw(c, (area.Min.X+area.Max.X)/2, area.Min.Y-tickLabelHeight-11, 0.5, f.xLabel)
	}
	if f.yLabel != "" {
		labelStyle().drawUpwards(c, area.Min.X-left-7, (area.Min.Y+area.Max.Y)/2, f.yLabel)
	}
}

// drawCurve breaks the line at gaps; a point between two gaps is a dot.
func (f frame) drawCurve(c draw.Canvas, curve curve, x, y func(float64) vg.Length) {
	var run []vg.Point
	next := vg.Length(math.Inf(-1)) // where the next marker may be
	flush := func() {
		style := draw.LineStyle{Color: curve.color, Width: curve.width, Dashes: curve.dashes}
		switch {
		case len(run) == 1 && curve.width > 0 && curve.marker == nil:
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: curve.color, Radius: 0.6 + curve.width, Shape: draw.CircleGlyph{}}, run[0])
		case len(run) > 1 && curve.width > 0:
			line(c, style, run...)
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
	}
	flush()
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
