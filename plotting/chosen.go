package plotting

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chosen draws which setting of a sweep is chosen beside what it is to be compared with: for each objective, better to the right, a point with its 95 % interval for the task alone, for equal
// weights, for each other method (at its best, by Δm or the first objective) and for the choice; below, in words, why. The dotted line is the task
// alone. An interval that has no cap at an end goes on beyond it.
type Chosen struct {
	Title string // "Chosen: seg 64" when empty, with the setting
}

// Figure draws the study s.
func (x Chosen) Figure(s *study.Study) *Figure {
	o, err := overviewOf(s, "")
	if err != nil {
		return unsuited("chosen", err)
	}
	p := &verdict{overview: o, title: "No setting is chosen yet", reason: "No setting has run to its end yet."}
	if slices.ContainsFunc(o.groups, (*study.Group).Complete) {
		p.reason = "No setting that ran to its end has a figure for every objective."
	}
	if o.choice != nil {
		p.title, p.reason = "Chosen: "+o.choice.Group.Setting.Label(), o.choice.Reason
	}
	p.title = orDefault(x.Title, p.title)
	p.rows = p.compared()
	p.left = tickStyle().width(betterRight) + 8
	p.columns = max(1, min(3, len(s.Objectives)))
	for _, r := range p.rows {
		p.left = max(p.left, min(r.style().width(r.name), 150)+8)
	}
	p.text = labelStyle().wrap(p.reason, figureWidth-2*margin)
	bands := (len(s.Objectives) + p.columns - 1) / p.columns
	p.pitch = verdictHead + verdictRow*vg.Length(len(p.rows)) + 22
	height := 2*margin + titleHeight + p.pitch*vg.Length(bands) + 6 + verdictLine*vg.Length(len(p.text))
	if len(p.rows) == 0 {
		height = 2*margin + titleHeight + 6 + verdictLine*vg.Length(len(p.text))
	}
	return &Figure{width: figureWidth, height: height, text: p.title + ": " + p.reason, paint: p.draw}
}

const betterRight = "better →"

const (
	verdictHead = vg.Length(24)
	verdictRow  = vg.Length(17)
	verdictLine = vg.Length(14) // of the reason
	verdictGap  = vg.Length(16) // between columns
)

// verdict is the figure with its measures.
type verdict struct {
	*overview
	title, reason string
	text          []string // the reason in lines
	rows          []verdictEntry
	columns       int
	left          vg.Length // for the names of the rows
	pitch         vg.Length // from one band of panels to the next
}

// verdictEntry is one row of each panel.
type verdictEntry struct {
	name   string
	look   look
	values []study.Interval // by objective
	chosen bool
	told   string
}

func (r verdictEntry) style() textStyle {
	if r.chosen {
		return bold(9.5, ink)
	}
	return regular(9.5, ink)
}

// compared are the rows, the choice last.
func (p *verdict) compared() (rows []verdictEntry) {
	if p.alone != nil {
		rows = append(rows, verdictEntry{name: "each task alone", look: look{color: softInk, marker: markers[0]}, values: p.alone, told: "each task alone"})
	}
	row := func(i int, name string) {
		g := p.groups[i]
		rows = append(rows, verdictEntry{name: name, look: p.look(g), values: g.Values, chosen: p.chosen(i), told: p.told(i)})
	}
	merit, err := p.result("")
	if err != nil {
		return nil
	}
	for i, g := range p.groups {
		if allEqual(g.Setting, p.TaskNames()) && g.Complete() && g.Setting.Method == "" {
			if name := "equal: " + g.Setting.Label(); !p.chosen(i) {
				row(i, name)
			}
			break
		}
	}
	for _, method := range p.methods {
		best := -1
		for i, g := range p.groups {
			if method == "" || g.Setting.Method != method || !g.Complete() {
				continue
			}
			if v := merit.of(g); best < 0 || merit.scale(nil).flip != (v > merit.of(p.groups[best])) {
				best = i
			}
		}
		if best >= 0 && !p.chosen(best) {
			row(best, p.groups[best].Setting.Label())
		}
	}
	if p.choice != nil {
		row(p.choice.Index, p.choice.Group.Setting.Label())
	}
	return rows
}

func (p *verdict) draw(c draw.Canvas) {
	drawHeading(c, p.title, p.status())
	top := c.Max.Y - margin - titleHeight
	width := (figureWidth - 2*margin - p.left - verdictGap*vg.Length(p.columns-1)) / vg.Length(p.columns)
	if len(p.rows) > 0 {
		for i := range p.Objectives {
			column, band := i%p.columns, i/p.columns
			high := top - p.pitch*vg.Length(band) - verdictHead
			left := c.Min.X + margin + p.left + (width+verdictGap)*vg.Length(column)
			area := vg.Rectangle{Min: vg.Point{X: left, Y: high - verdictRow*vg.Length(len(p.rows))}, Max: vg.Point{X: left + width, Y: high}}
			if column == 0 {
				p.drawNames(c, area)
			}
			p.drawPanel(c, i, area)
		}
	}
	y := c.Min.Y + margin + verdictLine*vg.Length(len(p.text)-1) + 3
	for i, text := range p.text {
		labelStyle().draw(c, c.Min.X+margin, y-verdictLine*vg.Length(i), 0, text)
	}
}

func (p *verdict) rowAt(area vg.Rectangle, k int) vg.Length {
	return area.Max.Y - verdictRow*(vg.Length(k)+0.5)
}

// drawNames writes the names of the rows, and which way is better.
func (p *verdict) drawNames(c draw.Canvas, area vg.Rectangle) {
	tickStyle().draw(c, area.Min.X-8, area.Min.Y-13, 1, betterRight)
	for k, r := range p.rows {
		y := p.rowAt(area, k)
		if r.chosen {
			c.SetColor(chosenGround)
			c.Fill(vg.Rectangle{Min: vg.Point{X: c.Min.X + margin - 4, Y: y - verdictRow/2}, Max: vg.Point{X: c.Max.X - margin + 4, Y: y + verdictRow/2}}.Path())
		}
		style := r.style()
		style.draw(c, area.Min.X-8, y-style.middle(), 1, style.fit(r.name, p.left-8))
	}
}

var chosenGround = blend(chosenColor, paper, 0.88)

func (p *verdict) drawPanel(c draw.Canvas, i int, area vg.Rectangle) {
	objective := p.Objectives[i]
	look := p.taskLook(objective)
	f := frame{axes: axes{title: objective.Task + " " + objective.Figure(), color: look.color, marker: look.marker}, y: scale{low: 0, high: float64(len(p.rows)), flip: true}}
	f.x = p.covered(i)
	f.drawTitle(c, area, 0)
	at := placing{frame: &f, area: area}
	if p.alone != nil {
		rule{at: p.alone[i].Mean, style: aloneLine}.draw(c, at)
	}
	f.drawXTicks(c, area, at.x)
	line(c, draw.LineStyle{Color: axisLine, Width: 0.75}, area.Min, vg.Point{X: area.Max.X, Y: area.Min.Y})
	for k, r := range p.rows {
		v := r.values[i]
		if !isFinite(v.Mean) {
			tickStyle().draw(c, (area.Min.X+area.Max.X)/2, p.rowAt(area, k)-tickStyle().middle(), 0.5, "no figure")
			continue
		}
		q := xy{v.Mean, float64(k) + 0.5}
		whisker{at: q, low: v.Low(), high: v.High(), level: true, color: blend(r.look.color, paper, 0.3), width: 1.3}.draw(c, at)
		told := fmt.Sprintf("%s\n%s %s", r.name, objective, v)
		if r.chosen {
			told = r.told
		}
		spot{at: q, marker: r.look.marker, radius: 3.6, color: r.look.color, outline: paper, title: told}.draw(c, at)
	}
}

// covered is the range of the means, and their intervals unless these would take most of the room.
func (p *verdict) covered(i int) scale {
	var means, ends []float64
	for _, r := range p.rows {
		means = append(means, r.values[i].Mean)
	}
	s := linearScale(means)
	var halves []float64
	for _, r := range p.rows {
		if h := r.values[i].Half; isFinite(h) {
			halves = append(halves, h)
		}
	}
	reach := s.high - s.low
	if slices.Sort(halves); len(halves) > 0 {
		reach = math.Max(reach, 1.5*halves[len(halves)/2])
	}
	for _, r := range p.rows {
		if v := r.values[i]; isFinite(v.Mean) {
			ends = append(ends, v.Mean, math.Max(v.Low(), s.low-reach), math.Min(v.High(), s.high+reach))
		}
	}
	s = linearScale(ends).opened().padded(0.04)
	s.flip = !p.Objectives[i].HigherIsBetter
	return s
}
