package plotting

import (
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const titleHeight = vg.Length(20)

// panels is a grid of axes with one title and one legend.
type panels struct {
	title    string
	subtitle string
	axes     []axes
	legend   legend
	colors   *colored // explained by a bar above the legend; may be nil

	width, areaHeight vg.Length // of the figure and of each plotting area; chosen by the number of panels when 0
}

// shareRanges gives all panels the ranges of all together, for panels that are compared with one another.
func (p panels) shareRanges() {
	var all []xy
	for _, a := range p.axes {
		all = append(all, a.shown()...)
	}
	for i := range p.axes {
		p.axes[i].under = append(p.axes[i].under, window(all))
	}
}

// gridOf chooses columns and the height of a plotting area for n panels.
func gridOf(n int) (columns int, height vg.Length) {
	switch {
	case n <= 1:
		return 1, 215
	case n == 2 || n == 4:
		return 2, 130
	}
	return 3, 108
}

// figure lays the panels out; findings are what they show, in words.
func (p panels) figure(findings []string) *Figure {
	text := p.title + ": " + orDefault(strings.Join(findings, "; "), "no data yet") + "."
	if len(p.axes) == 0 {
		p.axes = []axes{{xLabel: "step", counts: true}}
	}
	columns, areaHeight := gridOf(len(p.axes))
	figureWidth := figureWidth
	if p.width > 0 {
		figureWidth, areaHeight = p.width, p.areaHeight
	}
	rows := (len(p.axes) + columns - 1) / columns
	above, below := vg.Length(6), tickLabelHeight
	if p.axes[0].title != "" {
		above += panelTitleHeight
	}
	rowHeight := above + areaHeight + below
	width := figureWidth - 2*margin
	legendHeight := p.legend.height(width)
	height := 2*margin + titleHeight + vg.Length(rows)*rowHeight + axisLabelHeight + legendHeight + p.colors.height()
	if legendHeight > 0 {
		height += 6
	}
	return &Figure{width: figureWidth, height: height, text: text, paint: func(c draw.Canvas) {
		drawHeading(c, p.title, p.subtitle)
		frames := make([]frame, len(p.axes))
		lefts := make([]vg.Length, columns) // of each column, so that its plotting areas are aligned
		for i, a := range p.axes {
			if i%columns > 0 {
				a.yLabel = ""
			}
			if i+columns < len(p.axes) {
				a.xLabel = "" // the panel below has it
			}
			frames[i] = a.layOut(areaHeight)
			lefts[i%columns] = max(lefts[i%columns], frames[i].leftWidth())
		}
		const between = vg.Length(12)
		room := width - between*vg.Length(columns-1)
		if p.axes[0].yLabel != "" {
			room -= axisLabelWidth
		}
		for _, l := range lefts {
			room -= l
		}
		areaWidth := room / vg.Length(columns)
		x := c.Max.X - margin - areaWidth // from the right, where nothing hangs over
		for column := columns - 1; column >= 0; column-- {
			for i := column; i < len(frames); i += columns {
				top := c.Max.Y - margin - titleHeight - above - vg.Length(i/columns)*rowHeight
				area := vg.Rectangle{Min: vg.Point{X: x, Y: top - areaHeight}, Max: vg.Point{X: x + areaWidth, Y: top}}
				frames[i].draw(c, area, lefts[column])
			}
			x -= areaWidth + lefts[column] + between
		}
		p.colors.draw(c, c.Min.X+margin, c.Min.Y+margin+legendHeight+p.colors.height(), width)
		p.legend.draw(c, c.Min.X+margin, c.Min.Y+margin+legendHeight, width)
	}}
}

// drawHeading writes the figure's title and, softer and after it, the subtitle.
func drawHeading(c draw.Canvas, title, subtitle string) {
	style := titleStyle()
	width := c.Max.X - c.Min.X - 2*margin
	title = style.fit(title, width)
	x, y := c.Min.X+margin, c.Max.Y-margin-11
	style.draw(c, x, y, 0, title)
	used := style.width(title) + 10
	if soft := regular(10, softInk); width-used > 40 {
		soft.draw(c, x+used, y, 0, soft.fit(subtitle, width-used))
	}
}
