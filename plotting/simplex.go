package plotting

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Simplex draws a sweep over the weights of three tasks on a triangle: each setting stands where its weights, divided by their sum, are shares of the way to the corners. Its
// colour is Δm (task-mean) or an objective, lighter is better. Settings on the Pareto front have a dark outline, a ring is around the chosen one, settings that
// were dropped early are small. Thin lines are at 25, 50 and 75 % of a task's weight.
//
// The ground is interpolated between the settings that ran to their end by inverse distance (Shepard 1968), Σ v/d³ over Σ 1/d³: it meets their values, does not exceed
// them, and far from all settings it is no more than a guess.
type Simplex struct {
	Title string // "Δm over the task weights" when empty, with what is shown
	Of    string // an objective, by its task or as "task metric"; when empty Δm, or the first objective where there are no tasks alone
}

// simplexTasks are the three tasks of a study whose weights vary, nil for other studies.
func simplexTasks(s *study.Study) []string {
	o := overview{Study: s, groups: s.Groups()}
	if tasks := s.TaskNames(); len(tasks) == 3 && len(weights(o.settings(), tasks)) > 0 {
		return tasks
	}
	return nil
}

// Figure draws the study s.
func (x Simplex) Figure(s *study.Study) *Figure {
	if n := len(s.Tasks); n != 3 {
		return unsuited("simplex", fmt.Errorf("want a study of three tasks, got %d: Parallel takes any number", n))
	}
	o, err := overviewOf(s, "")
	if err != nil {
		return unsuited("simplex", err)
	}
	if len(s.Trials) > 0 && simplexTasks(s) == nil {
		return unsuited("simplex", errors.New("want settings of different task weights, got none"))
	}
	p := &simplex{overview: o, subtitle: o.status()}
	if p.result, err = o.result(x.Of); err != nil {
		return unsuited("simplex", err)
	}
	p.title = orDefault(x.Title, p.result.short+" over the task weights")
	p.collect()
	text := p.title + ": no data yet."
	if o.choice != nil {
		text = fmt.Sprintf("%s: chosen %s; %s.", p.title, o.choice.Group.Setting.Label(), p.subtitle)
	}
	p.legend = p.entries()
	p.width = 440
	p.side = p.width - 2*margin - 60
	p.height = 2*margin + titleHeight + simplexHead + p.side*vg.Length(math.Sqrt(3)/2) + simplexFoot + p.colors.height() + p.legend.height(p.width-2*margin)
	return &Figure{width: p.width, height: p.height, text: text, paint: p.draw}
}

const (
	simplexHead = vg.Length(24) // for the name at the upper corner
	simplexFoot = vg.Length(24) // for those at the lower ones
)

// simplex is the figure with its measures.
type simplex struct {
	*overview
	title, subtitle string
	result          result
	places          []simplexPlace
	width, height   vg.Length
	side            vg.Length
	colors          *colored
	legend          legend
}

// simplexPlace is a setting with its place in a triangle of side 1.
type simplexPlace struct {
	group int
	at    [2]float64
	value float64
}

// corners of the triangle: the first task's lower left, the second's lower right, the third's at the top.
var corners = [3][2]float64{{0, 0}, {1, 0}, {0.5, math.Sqrt(3) / 2}}

func (p *simplex) collect() {
	var values []float64
	for i, g := range p.groups {
		var at [2]float64
		var set []float64
		for _, task := range p.TaskNames() {
			set = append(set, weightOf(g.Setting, task))
		}
		size, sum := exponent(set...), 0.0
		for t := range set {
			w := math.Ldexp(set[t], -size)
			sum += w
			at[0], at[1] = at[0]+w*corners[t][0], at[1]+w*corners[t][1]
		}
		if !(sum > 0) || math.IsInf(sum, 0) {
			continue // no fixed weights
		}
		place := simplexPlace{group: i, at: [2]float64{at[0] / sum, at[1] / sum}, value: p.result.of(g)}
		if g.Failed() || len(g.Judged()) == 0 {
			continue
		}
		p.places = append(p.places, place)
		values = append(values, place.value)
	}
	p.colors = p.result.colors(values)
}

func (p *simplex) draw(c draw.Canvas) {
	drawHeading(c, p.title, p.subtitle)
	left := c.Min.X + (p.width-p.side)/2
	bottom := c.Min.Y + margin + p.legend.height(p.width-2*margin) + p.colors.height() + simplexFoot
	place := func(at [2]float64) vg.Point {
		return vg.Point{X: left + p.side*vg.Length(at[0]), Y: bottom + p.side*vg.Length(at[1])}
	}
	p.drawGround(c, place)
	p.drawFrame(c, place)
	if len(p.places) == 0 {
		style := regular(9.5, softInk)
		style.draw(c, place([2]float64{0.5, 0}).X, place([2]float64{0, 0.29}).Y, 0.5, "no data yet")
	}
	p.drawSettings(c, place)
	width := p.width - 2*margin
	p.colors.draw(c, c.Min.X+margin, bottom-simplexFoot, width)
	p.legend.draw(c, c.Min.X+margin, c.Min.Y+margin+p.legend.height(width), width)
}

// groundShades is how many colours the ground has: few, so that the picture in an SVG is small.
const groundShades = 48

// drawGround paints the interpolated field.
func (p *simplex) drawGround(c draw.Canvas, place func([2]float64) vg.Point) {
	var known []simplexPlace // with shares of the colours for values
	for _, q := range p.places {
		if isFinite(q.value) && p.groups[q.group].Complete() {
			q.value = p.colors.share(q.value)
			known = append(known, q)
		}
	}
	if len(known) == 0 {
		return
	}
	shades := make(color.Palette, groundShades+1)
	for i := range groundShades {
		shades[i] = blend(mapped((float64(i)+0.5)/groundShades), paper, 0.35)
	}
	shades[groundShades] = color.Transparent
	area := vg.Rectangle{Min: place(corners[0]), Max: vg.Point{X: place(corners[1]).X, Y: place(corners[2]).Y}}
	columns, rows := pixelsOf(area.Size().X), pixelsOf(area.Size().Y)
	picture := image.NewPaletted(image.Rect(0, 0, columns, rows), shades)
	values := make([]float64, (columns+1)/2) // one for a square of four pixels
	for row := range rows {
		y := corners[2][1] * (1 - (float64(row)+0.5)/float64(rows))
		for column := range columns {
			x := (float64(column) + 0.5) / float64(columns)
			if row%2 == 0 && column%2 == 0 {
				values[column/2] = shepard(known, x, y)
			}
			shade := groundShades
			if edge := y / math.Sqrt(3); x >= edge && x <= 1-edge {
				shade = min(groundShades-1, int(groundShades*values[column/2]))
			}
			picture.SetColorIndex(column, row, uint8(shade))
		}
	}
	c.DrawImage(area, picture)
}

// shepard interpolates by inverse distance.
func shepard(known []simplexPlace, x, y float64) float64 {
	var sum, weights float64
	for _, q := range known {
		square := (q.at[0]-x)*(q.at[0]-x) + (q.at[1]-y)*(q.at[1]-y)
		w := 1 / max(square*math.Sqrt(square), 1e-12)
		sum, weights = sum+w*q.value, weights+w
	}
	return sum / weights
}

// drawFrame paints the triangle, its lines at quarters and the tasks at its corners.
func (p *simplex) drawFrame(c draw.Canvas, place func([2]float64) vg.Point) {
	between := func(i, j int, share float64) vg.Point {
		return place([2]float64{corners[i][0] + share*(corners[j][0]-corners[i][0]), corners[i][1] + share*(corners[j][1]-corners[i][1])})
	}
	quarter := draw.LineStyle{Color: color.NRGBA{255, 255, 255, 150}, Width: 0.75}
	if p.colors == nil {
		quarter.Color = gridLine
	}
	for i := range 3 {
		for _, share := range []float64{0.25, 0.5, 0.75} {
			line(c, quarter, between(i, (i+1)%3, share), between(i, (i+2)%3, share))
		}
	}
	line(c, draw.LineStyle{Color: axisLine, Width: 1}, place(corners[0]), place(corners[1]), place(corners[2]), place(corners[0]), place(corners[1]))
	style := panelTitleStyle()
	for t, task := range p.TaskNames() {
		at := place(corners[t])
		name := style.fit(task, p.side/2)
		width := style.width(name) + 12
		x, y := at.X-width/2, at.Y+9
		if t < 2 {
			y = at.Y - 16
			x = max(c.Min.X+margin, min(x, c.Max.X-margin-width))
		}
		look := taskLook(t)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: look.color, Radius: 3.6, Shape: look.marker}, vg.Point{X: x + 4, Y: y + style.middle()})
		style.draw(c, x+12, y, 0, name)
	}
}

// drawSettings paints the settings, the chosen one last, and names it and equal weights.
func (p *simplex) drawSettings(c draw.Canvas, place func([2]float64) vg.Point) {
	var marks []vg.Rectangle
	var labels []label
	paint := func(q simplexPlace) {
		g := p.groups[q.group]
		s := spot{marker: draw.CircleGlyph{}, radius: 5, color: p.colors.color(q.value), outline: paper, title: p.told(q.group)}
		if !g.Complete() {
			s.radius = 2.5
		}
		if p.onFront[q.group] {
			s.outline = ink
		}
		at := place(q.at)
		s.drawAt(c, at)
		marks = append(marks, around(at, s.radius+1))
		if p.chosen(q.group) {
			drawHalo(c, at)
			chosen := label{at: at, clear: haloRadius + 1, text: "chosen: " + g.Setting.Label(), style: bold(9.5, chosenColor), reach: 45, must: true}
			labels = append([]label{chosen}, labels...)
		} else if allEqual(g.Setting, p.TaskNames()) {
			labels = append(labels, label{at: at, clear: s.radius + 1, text: "equal", style: regular(9, ink)})
		}
	}
	for _, q := range p.places {
		if !p.chosen(q.group) {
			paint(q)
		}
	}
	for _, q := range p.places {
		if p.chosen(q.group) {
			paint(q)
		}
	}
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + margin, Y: place(corners[0]).Y}, Max: vg.Point{X: c.Max.X - margin, Y: place(corners[2]).Y}}
	drawLabels(c, area, marks, nil, labels)
}

func (p *simplex) entries() (entries legend) {
	if slices.Contains(p.onFront, true) {
		entries = legend{{name: "on the Pareto front", sample: curve{color: ink, marker: ringGlyph{}}}}
	}
	left := 0
	for _, g := range p.groups {
		if len(g.Setting.Weights) == 0 {
			left++
		}
	}
	if left > 0 && len(p.places) > 0 {
		entries = append(entries, entry{name: plural(left, "setting") + " without fixed weights not shown", sample: curve{}})
	}
	return entries
}
