package plotting

import (
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Parallel draws a sweep of any number of tasks in parallel coordinates (Inselberg 1985): an upright axis for the method and each task weight and hyper-parameter that varies, then for each
// objective and Δm (task-mean), better upwards; and a line a setting, the mean over its seeds, in the colour of Δm or of an objective. Settings on
// the Pareto front are bold, the others thin, those that were dropped early dashed, the chosen one has an edge. A line is dotted where it
// passes an axis on which the setting has no value, as weights under a method that weighs by itself.
type Parallel struct {
	Title string // "Settings and results" when empty
	Of    string // what colours the lines: an objective, by its task or as "task metric"; when empty Δm, or the first objective where there are no tasks alone
}

// Figure draws the study s.
func (x Parallel) Figure(s *study.Study) *Figure {
	o, err := overviewOf(s, "")
	if err != nil {
		return unsuited("parallel", err)
	}
	p := &parallel{overview: o, title: orDefault(x.Title, "Settings and results")}
	by, err := o.result(x.Of)
	if err != nil {
		return unsuited("parallel", err)
	}
	p.value = by.of
	var values []float64
	for _, i := range o.drawingOrder() {
		if g := o.groups[i]; len(g.Judged()) > 0 {
			p.lines = append(p.lines, i)
			values = append(values, by.of(g))
		}
	}
	slices.SortStableFunc(p.lines, func(a, b int) int { return p.layer(a) - p.layer(b) })
	p.colors = by.colors(values)
	p.uprights = p.columns()
	p.left = parallelSide
	if u := p.uprights; len(u) > 0 {
		for _, title := range u[0].titles {
			p.left = max(p.left, min(upStyle().width(title), 130)+8)
		}
	}
	p.pitch = (figureWidth - 2*margin - p.left - parallelSide) / vg.Length(max(1, len(p.uprights)-1))
	p.head, p.foot = 30, 20
	switch {
	case p.crowded():
		p.head, p.foot = 134, 42
	case p.narrow():
		p.head = 112
	}
	p.legend = p.entries()
	height := 2*margin + titleHeight + p.head + parallelTall + p.foot + p.colors.height() + p.legend.height(figureWidth-2*margin)
	text := p.title + ": " + map[bool]string{true: "no data yet", false: o.status()}[len(p.lines) == 0] + "."
	return &Figure{width: figureWidth, height: height, text: text, paint: p.draw}
}

const (
	parallelSide = vg.Length(34) // beside the first and the last axis
	parallelTall = vg.Length(230)
)

// parallel is the figure with its measures.
type parallel struct {
	*overview
	title    string
	value    func(*study.Group) float64
	colors   *colored
	lines    []int // groups with figures, in the order in which they are drawn
	uprights []upright
	left     vg.Length // of the first axis
	pitch    vg.Length // from one axis to the next
	head     vg.Length // above the axes, for their names
	foot     vg.Length
	legend   legend
}

// narrow tells whether the axes are too close for their names to stand between them.
func (p *parallel) narrow() bool { return p.pitch < 62 }

// crowded tells whether not even numbers stand between them.
func (p *parallel) crowded() bool { return p.pitch < 36 }

func upStyle() textStyle { return regular(8.5, ink) }

// layer is higher for what is drawn over the rest.
func (p *parallel) layer(i int) int {
	switch {
	case p.chosen(i):
		return 2
	case p.onFront[i]:
		return 1
	}
	return 0
}

func (p *parallel) draw(c draw.Canvas) {
	drawHeading(c, p.title, p.status())
	left := c.Min.X + margin + p.left
	if len(p.uprights) == 1 {
		left = (c.Min.X + c.Max.X) / 2
	}
	top := c.Max.Y - margin - titleHeight - p.head
	bottom := top - parallelTall
	x := func(k int) vg.Length { return left + p.pitch*vg.Length(k) }
	y := func(k int, v float64) vg.Length { return bottom + parallelTall*vg.Length(p.uprights[k].share(v)) }
	for k := range p.uprights {
		line(c, draw.LineStyle{Color: axisLine, Width: 1}, vg.Point{X: x(k), Y: bottom}, vg.Point{X: x(k), Y: top})
	}
	if len(p.lines) == 0 {
		style := regular(9.5, softInk)
		style.draw(c, (c.Min.X+c.Max.X)/2, (top+bottom)/2, 0.5, "no data yet")
	}
	for _, i := range p.lines {
		p.drawLine(c, i, x, y)
	}
	for k, u := range p.uprights {
		p.drawName(c, u.name, x(k), top)
		p.drawTicks(c, k, x(k), func(v float64) vg.Length { return y(k, v) })
	}
	width := figureWidth - 2*margin
	p.colors.draw(c, c.Min.X+margin, c.Min.Y+margin+p.legend.height(width)+p.colors.height(), width)
	p.legend.draw(c, c.Min.X+margin, c.Min.Y+margin+p.legend.height(width), width)
}

const (
	frontWidth = vg.Length(1.9)
	otherWidth = vg.Length(0.9)
	edgeWidth  = vg.Length(4.8)
)

func (p *parallel) drawLine(c draw.Canvas, i int, x func(int) vg.Length, y func(int, float64) vg.Length) {
	g := p.groups[i]
	style := draw.LineStyle{Color: p.colors.color(p.value(g)), Width: otherWidth}
	if p.onFront[i] {
		style.Width = frontWidth
	}
	if !g.Complete() {
		style.Dashes = validationDashes
	}
	var pieces, gaps [][]vg.Point
	last, at := -2, vg.Point{}
	for k, u := range p.uprights {
		v := u.of(g)
		if !u.shows(v) || !isFinite(v) {
			continue
		}
		point := vg.Point{X: x(k), Y: y(k, v)}
		switch {
		case last == k-1:
			pieces[len(pieces)-1] = append(pieces[len(pieces)-1], point)
		default:
			if last >= 0 {
				gaps = append(gaps, []vg.Point{at, point})
			}
			pieces = append(pieces, []vg.Point{point})
		}
		last, at = k, point
	}
	stroke := func(style draw.LineStyle) {
		for _, piece := range pieces {
			if len(piece) == 1 {
				fillDots(c, style.Color, style.Width/2+0.8, piece)
				continue
			}
			line(c, style, piece...)
		}
	}
	if p.chosen(i) {
		stroke(draw.LineStyle{Color: chosenColor, Width: edgeWidth})
		style.Width = 2.6
	}
	stroke(style)
	for _, gap := range gaps {
		line(c, draw.LineStyle{Color: style.Color, Width: style.Width * 0.7, Dashes: aloneDashes}, gap...)
	}
	for _, piece := range slices.Concat(pieces, gaps) {
		hover(c, 3, p.told(i), piece...)
	}
}

func (p *parallel) entries() (entries legend) {
	has := func(wanted func(i int) bool) bool { return slices.ContainsFunc(p.lines, wanted) }
	if p.choice != nil {
		entries = append(entries, entry{name: "chosen: " + p.choice.Group.Setting.Label(), sample: curve{color: chosenColor, width: edgeWidth}})
	}
	if has(func(i int) bool { return p.onFront[i] }) {
		entries = append(entries, entry{name: "on the Pareto front", sample: curve{color: softInk, width: frontWidth}})
	}
	if has(func(i int) bool { return !p.onFront[i] && p.groups[i].Complete() }) {
		entries = append(entries, entry{name: "other", sample: curve{color: softInk, width: otherWidth}})
	}
	if has(func(i int) bool { return !p.groups[i].Complete() }) {
		entries = append(entries, entry{name: "dropped early", sample: curve{color: softInk, width: otherWidth, dashes: validationDashes}})
	}
	if has(func(i int) bool {
		return slices.ContainsFunc(p.uprights, func(u upright) bool { return math.IsNaN(u.of(p.groups[i])) })
	}) {
		entries = append(entries, entry{name: "no value", sample: curve{color: softInk, width: otherWidth, dashes: aloneDashes}})
	}
	return entries
}
