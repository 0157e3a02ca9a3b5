package plotting

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is one line of a legend: a sample of a curve and its name. A swatch is a filled box instead of a line.
type entry struct {
	name   string
	sample curve
	swatch bool
}

// legend is laid out below the panels, where it cannot cover data: in one row where it fits, else in columns of equal width.
type legend []entry

const (
	legendRow     = vg.Length(16)
	legendSample  = vg.Length(24)
	legendPadding = vg.Length(18)
)

// grid returns the width of each column, and how many columns there are.
func (l legend) grid(width vg.Length) (columns []vg.Length) {
	var total, widest vg.Length
	for _, e := range l {
		w := e.sampleWidth() + 5 + labelStyle().width(e.name) + legendPadding
		columns = append(columns, w)
		total, widest = total+w, max(widest, w)
	}
	if total-legendPadding <= width {
		return columns
	}
	widest = min(widest, (width+legendPadding)/2) // a long name is shortened rather than given a row of its own
	columns = columns[:max(1, int((width+legendPadding)/widest))]
	for i := range columns {
		columns[i] = widest
	}
	return columns
}

func (l legend) height(width vg.Length) vg.Length {
	if len(l) == 0 {
		return 0
	}
	columns := len(l.grid(width))
	return legendRow * vg.Length((len(l)+columns-1)/columns)
}

// draw paints the legend centred below top.
func (l legend) draw(c draw.Canvas, left, top, width vg.Length) {
	if len(l) == 0 {
		return
	}
	columns := l.grid(width)
	used := -legendPadding
	for _, w := range columns {
		used += w
	}
	left += (width - used) / 2
	x := left
	for i, e := range l {
		column := i % len(columns)
		if column == 0 {
			x = left
		}
		e.draw(c, x, top-legendRow*vg.Length(i/len(columns))-legendRow/2, columns[column]-legendPadding)
		x += columns[column]
	}
}

func (e entry) sampleWidth() vg.Length {
	if e.swatch {
		return 10
	}
	return legendSample
}

func (e entry) draw(c draw.Canvas, x, y, width vg.Length) {
	w := e.sampleWidth()
	if e.swatch {
		box := vg.Rectangle{Min: vg.Point{X: x, Y: y - 5}, Max: vg.Point{X: x + w, Y: y + 5}}
		c.SetColor(e.sample.color)
		c.Fill(box.Path())
		c.SetLineStyle(draw.LineStyle{Color: axisLine, Width: 0.5})
		c.Stroke(box.Path())
	} else {
		if e.sample.width > 0 {
			line(c, draw.LineStyle{Color: e.sample.color, Width: e.sample.width, Dashes: e.sample.dashes}, vg.Point{X: x, Y: y}, vg.Point{X: x + w, Y: y})
		}
		if e.sample.marker != nil {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: e.sample.color, Radius: 2.8, Shape: e.sample.marker}, vg.Point{X: x + w/2, Y: y})
		}
	}
	style := labelStyle()
	style.draw(c, x+w+5, y-style.middle(), 0, style.fit(e.name, width-w-5))
}
