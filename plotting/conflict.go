package plotting

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Conflict draws what methods make of the tasks' gradients in two parameters, one panel a method: an arrow for each gradient, a black one for the combined
// gradient, and shaded the cone of directions that conflict with no task, those whose inner product with every gradient is at least 0. A step of training goes the
// opposite way. All panels have one scale.
type Conflict struct {
	Title    string // "Task gradients and their combination" when empty
	Subtitle string
	Columns  int      // chosen by the number of panels when 0
	Tasks    []string // their names; "task 1" and so on when nil
}

// Update is the combined gradient of one method.
type Update struct {
	Title     string
	Direction [2]float64
}

// conflicts is how far below 0 the cosine of a conflict is: regularised methods graze the cone's edge.
const conflicts = -1e-3

// Figure draws one panel for each of updates, each with the tasks that it conflicts with. An update longer than every gradient by half is cut there
// and dotted.
func (o Conflict) Figure(gradients [][2]float64, updates ...Update) *Figure {
	if o.Tasks == nil {
		for t := range gradients {
			o.Tasks = append(o.Tasks, fmt.Sprintf("task %d", t+1))
		}
	}
	if len(o.Tasks) != len(gradients) {
		return failed("conflict: want one name a task, got %d names for %d gradients", len(o.Tasks), len(gradients))
	}
	for t, g := range gradients {
		if !isFinite(g[0]) || !isFinite(g[1]) {
			return failed("conflict: want finite gradients, got %v of %s", g, o.Tasks[t])
		}
	}
	p := &conflictPanels{Conflict: o, title: orDefault(o.Title, "Task gradients and their combination"), updates: updates}
	p.setGradients(gradients)
	text := p.title + ":"
	for i, u := range updates {
		if !isFinite(u.Direction[0]) || !isFinite(u.Direction[1]) {
			return failed("conflict: want finite updates, got %v of %s", u.Direction, u.Title)
		}
		text += fmt.Sprintf("%s %s %s", map[bool]string{true: ";"}[i > 0], u.Title, p.verdict(u))
	}
	p.layOut()
	return &Figure{width: p.width, height: p.height, text: text + ".", paint: p.draw}
}

type conflictPanels struct {
	Conflict
	title         string
	gradients     [][2]float64 // in units of 2^size
	cosines       [][2]float64 // the directions of the gradients
	size          int
	updates       []Update
	columns, rows int
	low, high     [2]float64 // of the parameters shown
	longest       float64    // that an update is drawn
	side          vg.Length  // of a panel
	tall          vg.Length
	width, height vg.Length
	legend        legend
}

// setGradients takes the gradients in a unit in which nothing overflows.
func (p *conflictPanels) setGradients(gradients [][2]float64) {
	var all []float64
	for _, g := range gradients {
		all = append(all, g[0], g[1])
	}
	p.size = exponent(all...)
	for _, g := range gradients {
		p.gradients = append(p.gradients, p.scaled(g))
		p.cosines = append(p.cosines, unit(g))
	}
}

func (p *conflictPanels) scaled(d [2]float64) [2]float64 {
	return [2]float64{math.Ldexp(d[0], -p.size), math.Ldexp(d[1], -p.size)}
}

// verdict says which tasks an update conflicts with.
func (p *conflictPanels) verdict(u Update) string {
	var against []string
	along := unit(u.Direction)
	for t, g := range p.cosines {
		if along[0]*g[0]+along[1]*g[1] < conflicts {
			against = append(against, p.Tasks[t])
		}
	}
	switch {
	case u.Direction == [2]float64{}:
		return "stands still"
	case against == nil:
		return "no conflict"
	}
	return "against " + strings.Join(against, ", ")
}

const (
	conflictGap  = vg.Length(12)
	conflictHead = vg.Length(31) // for title and verdict
)

func (p *conflictPanels) layOut() {
	for _, g := range p.gradients {
		p.longest = math.Max(p.longest, 1.5*math.Hypot(g[0], g[1]))
	}
	show := func(d [2]float64) {
		for k := range d {
			p.low[k], p.high[k] = math.Min(p.low[k], d[k]), math.Max(p.high[k], d[k])
		}
	}
	for _, g := range p.gradients {
		show(g)
	}
	for _, u := range p.updates {
		drawn, _ := p.shortened(u.Direction)
		show(drawn)
	}
	// A little room beyond the arrows' heads, and a panel that is not a sliver.
	size := math.Max(p.high[0]-p.low[0], p.high[1]-p.low[1])
	if size == 0 {
		size = 1
	}
	for k := range p.low {
		pad := 0.08*size + math.Max(0, 0.5*size-(p.high[k]-p.low[k]))/2
		p.low[k], p.high[k] = p.low[k]-pad, p.high[k]+pad
	}
	n := max(1, len(p.updates))
	if p.columns = min(p.Columns, n); p.columns <= 0 {
		p.columns = min(4, n)
	}
	p.rows = (n + p.columns - 1) / p.columns
	p.width = figureWidth
	if p.columns < 3 {
		p.width = 2*margin + vg.Length(p.columns)*(230+conflictGap) - conflictGap
	}
	p.side = (p.width - 2*margin - conflictGap*vg.Length(p.columns-1)) / vg.Length(p.columns)
	p.tall = p.side * vg.Length((p.high[1]-p.low[1])/(p.high[0]-p.low[0]))
	for t, name := range p.Tasks {
		p.legend = append(p.legend, entry{name: name, sample: curve{color: taskLook(t).color, width: 2.2, dashes: taskLook(t).dashes}})
	}
	p.legend = append(p.legend,
		entry{name: "combined", sample: curve{color: ink, width: 2.2}},
		entry{name: "no conflict", sample: curve{color: coneColor}, swatch: true})
	p.height = 2*margin + titleHeight + vg.Length(p.rows)*(conflictHead+p.tall+conflictGap) + p.legend.height(p.width-2*margin)
}

// shortened is a direction as it is drawn, and whether that is shorter than it is.
func (p *conflictPanels) shortened(d [2]float64) (drawn [2]float64, cut bool) {
	drawn = p.scaled(d)
	if math.Hypot(drawn[0], drawn[1]) <= p.longest {
		return drawn, false
	}
	along := unit(d)
	return [2]float64{along[0] * p.longest, along[1] * p.longest}, true
}

func (p *conflictPanels) draw(c draw.Canvas) {
	drawHeading(c, p.title, p.Subtitle)
	for i := range max(1, len(p.updates)) {
		left := c.Min.X + margin + vg.Length(i%p.columns)*(p.side+conflictGap)
		top := c.Max.Y - margin - titleHeight - conflictHead - vg.Length(i/p.columns)*(conflictHead+p.tall+conflictGap)
		area := vg.Rectangle{Min: vg.Point{X: left, Y: top - p.tall}, Max: vg.Point{X: left + p.side, Y: top}}
		scale := p.side / vg.Length(p.high[0]-p.low[0])
		place := func(d [2]float64) vg.Point {
			return vg.Point{X: area.Min.X + scale*vg.Length(d[0]-p.low[0]), Y: area.Min.Y + scale*vg.Length(d[1]-p.low[1])}
		}
		origin := place([2]float64{})
		if cone := p.cone(); len(cone) > 2 {
			points := make([]vg.Point, len(cone))
			for k, corner := range cone {
				points[k] = place(corner)
			}
			c.SetColor(coneColor)
			fillPolygon(&c, vg.Point{}, points...)
		}
		thin := draw.LineStyle{Color: gridLine, Width: 0.75}
		line(c, thin, vg.Point{X: area.Min.X, Y: origin.Y}, vg.Point{X: area.Max.X, Y: origin.Y})
		line(c, thin, vg.Point{X: origin.X, Y: area.Min.Y}, vg.Point{X: origin.X, Y: area.Max.Y})
		c.SetLineStyle(draw.LineStyle{Color: axisLine, Width: 0.75})
		c.Stroke(area.Path())
		for t, g := range p.gradients {
			drawArrow(c, origin, place(g), taskLook(t).color, taskLook(t).dashes)
		}
		if i < len(p.updates) {
			p.drawUpdate(c, p.updates[i], area, origin, place)
		}
	}
	p.legend.draw(c, c.Min.X+margin, c.Min.Y+margin+p.legend.height(p.width-2*margin), p.width-2*margin)
}

func (p *conflictPanels) drawUpdate(c draw.Canvas, u Update, area vg.Rectangle, origin vg.Point, place func([2]float64) vg.Point) {
	panelTitleStyle().draw(c, area.Min.X, area.Max.Y+18, 0, panelTitleStyle().fit(u.Title, p.side))
	note := regular(9, softInk)
	note.draw(c, area.Min.X, area.Max.Y+5, 0, note.fit(p.verdict(u), p.side))
	drawn, cut := p.shortened(u.Direction)
	var dashes []vg.Length
	if cut {
		dashes = []vg.Length{1.5, 2}
	}
	drawArrow(c, origin, place(drawn), ink, dashes)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: ink, Radius: 1.8, Shape: draw.CircleGlyph{}}, origin)
}

// cone returns the part of the panel where no task is in conflict: its rectangle, cut along the normal of each gradient.
func (p *conflictPanels) cone() [][2]float64 {
	corners := [][2]float64{p.low, {p.high[0], p.low[1]}, p.high, {p.low[0], p.high[1]}}
	for _, g := range p.gradients {
		above := func(q [2]float64) float64 { return q[0]*g[0] + q[1]*g[1] }
		var kept [][2]float64
		for k, q := range corners {
			next := corners[(k+1)%len(corners)]
			from, to := above(q), above(next)
			if from >= 0 {
				kept = append(kept, q)
			}
			if (from >= 0) != (to >= 0) {
				share := from / (from - to)
				kept = append(kept, [2]float64{q[0] + share*(next[0]-q[0]), q[1] + share*(next[1]-q[1])})
			}
		}
		corners = kept
	}
	return corners
}

// drawArrow paints a shaft and a head, which shrinks with a short arrow.
func drawArrow(c draw.Canvas, from, to vg.Point, shade color.RGBA, dashes []vg.Length) {
	d := to.Sub(from)
	length := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	if length < 0.5 {
		return
	}
	along := d.Scale(1 / length)
	across := vg.Point{X: -along.Y, Y: along.X}
	head := min(8, 0.6*length)
	neck := to.Sub(along.Scale(head))
	line(c, draw.LineStyle{Color: shade, Width: 2.2, Dashes: dashes}, from, neck.Add(along.Scale(0.3*head)))
	c.SetColor(shade)
	fillPolygon(&c, vg.Point{}, to, neck.Add(across.Scale(0.42*head)), neck.Sub(across.Scale(0.42*head)))
}

var coneColor = blend(taskColors[2], paper, 0.82)
