package plotting

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Landscape draws paths of training over a loss in two parameters, one panel a method: filled contours, darker where the loss is lower, and on
// them each path from its start (ring) to its end (diamond), in colours that darken with time.
type Landscape struct {
	Title    string // "Paths of training" when empty
	Subtitle string
	X, Y     [2]float64 // what the panels show; all paths with a margin when zero
	Columns  int        // chosen by the number of panels when 0
	Levels   int        // number of shades, each covering the same area: 14 when 0
}

// Walks are the paths of one method from several starts: points in the order of time, at equal distances of steps.
type Walks struct {
	Title string
	Note  string // softer and below the title, such as how many arrived; may be empty
	Paths [][][2]float64
}

// Figure draws one panel for each of walks. loss gives the heights; target is a line to reach, such as a Pareto set, or nil.
func (l Landscape) Figure(loss func(x, y float64) float64, target [][2]float64, walks ...Walks) *Figure {
	if loss == nil {
		return failed("landscape: want the loss as a function of two parameters, got nil")
	}
	title := orDefault(l.Title, "Paths of training")
	p := &landscape{Landscape: l, target: target, walks: walks, title: title}
	if p.Levels <= 0 {
		p.Levels = 14
	}
	p.Levels = min(p.Levels, 256) // of a picture with a palette
	p.chooseRanges()
	rises := func(r [2]float64) bool { return r[0] < r[1] && isFinite(r[0]) && isFinite(r[1]) }
	if !rises(p.X) || !rises(p.Y) {
		return failed("landscape: want finite ranges of x and y that rise, got %v and %v", p.X, p.Y)
	}
	p.layOut()
	p.ground = p.shades(loss)
	text := title + ":"
	for i, w := range walks {
		text += fmt.Sprintf("%s %s, %d paths", map[bool]string{true: ";"}[i > 0], orDefault(w.Title, fmt.Sprintf("panel %d", i+1)), len(w.Paths))
		if w.Note != "" {
			text += " (" + w.Note + ")"
		}
	}
	return &Figure{width: p.width, height: p.height, text: text + ".", paint: p.draw}
}

// landscape is the figure with its measures fixed.
type landscape struct {
	Landscape
	title         string
	target        [][2]float64
	walks         []Walks
	ground        *shadedGround
	columns, rows int
	side          vg.Length // of a panel's plotting area, in x
	tall          vg.Length // in y
	left          vg.Length // room for the labels of y
	titleRoom     vg.Length // above each plotting area
	noteRoom      vg.Length
	pitch         vg.Length // from one row of panels to the next
	width, height vg.Length
}

func (p *landscape) chooseRanges() {
	if p.X != [2]float64{} || p.Y != [2]float64{} {
		return
	}
	p.X, p.Y = [2]float64{math.Inf(1), math.Inf(-1)}, [2]float64{math.Inf(1), math.Inf(-1)}
	grow := func(points [][2]float64) {
		for _, q := range points {
			if isFinite(q[0]) && isFinite(q[1]) {
				p.X = [2]float64{math.Min(p.X[0], q[0]), math.Max(p.X[1], q[0])}
				p.Y = [2]float64{math.Min(p.Y[0], q[1]), math.Max(p.Y[1], q[1])}
			}
		}
	}
	grow(p.target)
	for _, w := range p.walks {
		for _, path := range w.Paths {
			grow(path)
		}
	}
	if p.X[0] > p.X[1] {
		p.X, p.Y = [2]float64{-1, 1}, [2]float64{-1, 1}
	}
	for _, r := range []*[2]float64{&p.X, &p.Y} {
		pad := math.Max(0.08*(r[1]-r[0]), 1e-9*math.Max(1, math.Abs(r[0])))
		r[0], r[1] = capped(r[0]-pad), capped(r[1]+pad)
	}
}

const landscapeGap = vg.Length(14)

func (p *landscape) layOut() {
	n := max(1, len(p.walks))
	if p.columns = min(p.Columns, n); p.columns <= 0 {
		p.columns = map[bool]int{true: n, false: 4}[n < 4]
	}
	p.rows = (n + p.columns - 1) / p.columns
	for _, w := range p.walks {
		if w.Title != "" {
			p.titleRoom = 14
		}
		if w.Note != "" {
			p.noteRoom = 13
		}
	}
	p.left = 0
	for _, t := range linearTicks(p.Y[0], p.Y[1], 4, 0) {
		p.left = max(p.left, tickStyle().width(t.label)+6)
	}
	p.width = figureWidth
	if p.columns < 3 {
		p.width = 2*margin + p.left + vg.Length(p.columns)*(250+landscapeGap) - landscapeGap
	}
	p.side = (p.width - 2*margin - p.left - landscapeGap*vg.Length(p.columns-1)) / vg.Length(p.columns)
	slope := (p.Y[1]/2 - p.Y[0]/2) / (p.X[1]/2 - p.X[0]/2)
	p.tall = p.side * vg.Length(math.Max(0.4, math.Min(1.3, slope)))
	p.pitch = p.titleRoom + p.noteRoom + 4 + p.tall + landscapeGap
	p.height = 2*margin + titleHeight + vg.Length(p.rows)*p.pitch - landscapeGap + tickLabelHeight + 4 + legendRow
}

func (p *landscape) draw(c draw.Canvas) {
	drawHeading(c, p.title, p.Subtitle)
	for i := range max(1, len(p.walks)) {
		column, row := i%p.columns, i/p.columns
		top := c.Max.Y - margin - titleHeight - p.titleRoom - p.noteRoom - 4 - vg.Length(row)*p.pitch
		left := c.Min.X + margin + p.left + vg.Length(column)*(p.side+landscapeGap)
		area := vg.Rectangle{Min: vg.Point{X: left, Y: top - p.tall}, Max: vg.Point{X: left + p.side, Y: top}}
		p.ground.draw(c, area)
		p.drawTicks(c, area, column == 0, i+p.columns >= len(p.walks))
		if i >= len(p.walks) {
			break
		}
		w := p.walks[i]
		panelTitleStyle().draw(c, left, top+p.noteRoom+5, 0, panelTitleStyle().fit(w.Title, p.side))
		note := regular(9, softInk)
		note.draw(c, left, top+4, 0, note.fit(w.Note, p.side))
		p.drawWalks(c, area, w.Paths)
	}
	p.drawLegend(c)
}

func (p *landscape) drawTicks(c draw.Canvas, area vg.Rectangle, withY, withX bool) {
	place := p.placer(area)
	style := draw.LineStyle{Color: axisLine, Width: 0.75}
	if withY {
		for _, t := range linearTicks(p.Y[0], p.Y[1], 4, 0) {
			at := place([2]float64{p.X[0], t.value})
			line(c, style, at, vg.Point{X: at.X - 3, Y: at.Y})
			tickStyle().draw(c, at.X-5, at.Y-tickStyle().middle(), 1, t.label)
		}
	}
	if withX {
		for _, t := range linearTicks(p.X[0], p.X[1], 4, 0) {
			at := place([2]float64{t.value, p.Y[0]})
			line(c, style, at, vg.Point{X: at.X, Y: at.Y - 3})
			tickStyle().draw(c, at.X, at.Y-13, 0.5, t.label)
		}
	}
	c.SetLineStyle(style)
	c.Stroke(area.Path())
}

// placer maps parameters to the plotting area.
func (p *landscape) placer(area vg.Rectangle) func([2]float64) vg.Point {
	return func(q [2]float64) vg.Point {
		return vg.Point{
			X: area.Min.X + area.Size().X*vg.Length(ratio(q[0], p.X[0], p.X[1])),
			Y: area.Min.Y + area.Size().Y*vg.Length(ratio(q[1], p.Y[0], p.Y[1])),
		}
	}
}

// drawLegend explains the marks in one row at the bottom: samples with their names.
func (p *landscape) drawLegend(c draw.Canvas) {
	y := c.Min.Y + margin + legendRow/2
	style := labelStyle()
	items := []struct {
		name  string
		width vg.Length
		draw  func(x vg.Length)
	}{
		{"start", 8, func(x vg.Length) { drawStart(c, vg.Point{X: x + 4, Y: y}) }},
		{"time", 36, func(x vg.Length) {
			for i := range timeBins {
				step := 36 / vg.Length(timeBins)
				line(c, draw.LineStyle{Color: timeColor(i), Width: 2.2}, vg.Point{X: x + step*vg.Length(i), Y: y}, vg.Point{X: x + step*vg.Length(i+1), Y: y})
			}
		}},
		{"end", 8, func(x vg.Length) { drawEnd(c, vg.Point{X: x + 4, Y: y}) }},
		{"Pareto set", 20, func(x vg.Length) { drawTarget(c, []vg.Point{{X: x, Y: y}, {X: x + 20, Y: y}}) }},
	}
	if p.target == nil {
		items = items[:3]
	}
	total := -legendPadding
	for _, item := range items {
		total += item.width + 5 + style.width(item.name) + legendPadding
	}
	x := (c.Min.X + c.Max.X - total) / 2
	for _, item := range items {
		item.draw(x)
		style.draw(c, x+item.width+5, y-style.middle(), 0, item.name)
		x += item.width + 5 + style.width(item.name) + legendPadding
	}
}

var (
	lowGround  = color.RGBA{126, 160, 194, 255}
	highGround = color.RGBA{246, 247, 249, 255}
	earlyTime  = color.RGBA{226, 132, 0, 255}
	lateTime   = color.RGBA{62, 12, 92, 255}
)
