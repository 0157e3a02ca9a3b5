package plotting

import (
	"fmt"
	"image/color"
	"maps"
	"slices"

	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Response draws how each objective answers to one task weight or hyper-parameter: one panel an objective, a point for the mean over all trials with a value, a band for its 95 %
// interval, a small dot a trial. The axis of the weight or hyper-parameter is logarithmic for weights and for values that span a factor of 10. A grey line is
// what the task reaches alone, with its 95 % band; level lines are methods that leave the quantity open; a ring is around the chosen setting.
//
// Where a sweep varies more than the one quantity, a point is the mean over all the rest. Where there are more than nine values and most were tried once, there are no means: the
// line is then a local linear regression through the trials.
type Response struct {
	Title string // "Results by weight of seg" when empty, with the quantity
	By    string // a task, for its weight relative to the others, or the path of a hyper-parameter; what varies most when empty
}

// Figure draws the study s.
func (r Response) Figure(s *study.Study) *Figure {
	o, err := overviewOf(s, r.By)
	if err != nil {
		return unsuited("response", err)
	}
	p := &response{overview: o}
	layout := panels{title: "Results by setting", subtitle: o.status()}
	if o.colors != nil {
		layout.title = "Results by " + o.by.name
	}
	layout.title = orDefault(r.Title, layout.title)
	var words []string
	for i, objective := range s.Objectives {
		layout.axes = append(layout.axes, p.panel(i))
		if o.choice != nil {
			words = append(words, fmt.Sprintf("%s %s at %s", objective, o.choice.Group.Values[i], o.choice.Group.Setting.Label()))
		}
	}
	layout.legend = p.legend()
	return layout.figure(words)
}

type response struct{ *overview }

// judged are the trials of a method that have figures, measured or not.
func (p *response) judged(method string, measured bool) (trials []*study.Trial) {
	for _, g := range p.groups {
		if g.Setting.Method == method && p.measured(g) == measured && g.Complete() {
			trials = append(trials, g.Judged()...)
		}
	}
	return trials
}

// panel shows one objective.
func (p *response) panel(i int) axes {
	objective := p.Objectives[i]
	task := p.taskLook(objective)
	a := axes{title: objective.String(), color: task.color, marker: task.marker}
	if p.colors == nil {
		if len(p.groups) > 0 {
			a.blank = "no weight or hyper-parameter varies"
		}
		return a
	}
	a.xLabel = p.by.name
	scale := p.colors.scale.opened().padded(0.03)
	scale.marked = p.colors.marked
	a.xScale = &scale
	inside := p.colors.high // some x that the axes show, for what is level
	if p.alone != nil {
		alone := p.alone[i]
		a.under = append(a.under, box{x: everywhere, y: [2]float64{alone.Low(), alone.High()}, color: bandColor},
			rule{at: alone.Mean, level: true, style: aloneLine}, window{{inside, alone.Mean}})
	}
	names := levelNames{}
	if p.alone != nil {
		names.levels = append(names.levels, p.alone[i].Mean)
	}
	for k, method := range p.methods {
		look := p.methodLook(method)
		if k == 0 {
			look = task // the usual one has the task's colour
			look.dashes, look.marker = nil, markers[0]
		}
		if trials := p.judged(method, false); len(trials) > 0 {
			if mean := study.NewInterval(figures(trials, objective)); mean.N > 0 {
				a.under = append(a.under, rule{at: mean.Mean, level: true, style: draw.LineStyle{Color: look.color, Width: usualWidth, Dashes: look.dashes}}, window{{inside, mean.Mean}})
				names.lines, names.levels = append(names.lines, namedLevel{methodName(method), mean.Mean, look.color}), append(names.levels, mean.Mean)
			}
		}
		under, c := p.answer(p.judged(method, true), objective, look)
		if len(c.points) == 0 {
			continue
		}
		a.under, a.curves = append(a.under, under...), append(a.curves, c)
		names.marks = append(names.marks, c.points...)
	}
	if len(a.curves) > 0 {
		a.over = append(a.over, p.spots(i)...)
		a.over = append(a.over, names)
	}
	return a
}

// figures are the values of an objective, one a trial.
func figures(trials []*study.Trial, o study.Objective) (values []float64) {
	for _, t := range trials {
		values = append(values, o.Value(t))
	}
	return values
}

// byValue are the finite figures of trials by the value of the quantity.
func (p *response) byValue(trials []*study.Trial, o study.Objective) map[float64][]float64 {
	at := map[float64][]float64{}
	for _, t := range trials {
		if v := o.Value(t); isFinite(v) {
			x := p.by.of(t.Setting)
			at[x] = append(at[x], v)
		}
	}
	return at
}

// answer is the curve of means over the trials with one value of the quantity, with its band and the trials as dots.
func (p *response) answer(trials []*study.Trial, o study.Objective, look look) (under []mark, c curve) {
	at := p.byValue(trials, o)
	d := dust{radius: 1.2, color: blend(look.color, paper, 0.35)}
	for _, x := range slices.Sorted(maps.Keys(at)) {
		for _, v := range at[x] {
			d.at = append(d.at, xy{x, v})
		}
	}
	c = curve{color: look.color, width: usualWidth, dashes: look.dashes, marker: look.marker}
	if scattered(at) {
		d.radius, c.marker = 1.8, nil
		c.points = p.trend(d.at)
		return []mark{d}, c
	}
	band := ribbon{color: translucent(look.color)}
	for _, x := range slices.Sorted(maps.Keys(at)) {
		mean := study.NewInterval(at[x])
		c.points = append(c.points, xy{x, mean.Mean})
		if mean.N > 1 {
			band.xs, band.lows, band.highs = append(band.xs, x), append(band.lows, mean.Low()), append(band.highs, mean.High())
		}
	}
	return []mark{band, d}, c
}

// scattered tells whether there are so many values, most of them tried once, that means say little.
func scattered(at map[float64][]float64) bool {
	trials := 0
	for _, values := range at {
		trials += len(values)
	}
	return len(at) > fewValues && trials < 2*len(at)
}

// trend is a regression along the quantity's scale.
func (p *response) trend(points []xy) []xy {
	shares := make([]xy, len(points))
	for i, q := range points {
		shares[i] = xy{p.colors.share(q.x), q.y}
	}
	fitted := smooth(shares, 0.1)
	for i, q := range points {
		fitted[i].x = q.x
	}
	return fitted
}

// spots say more under the mouse, and ring the chosen setting.
func (p *response) spots(i int) (marks []mark) {
	for k, g := range p.groups {
		q := xy{p.by.of(g.Setting), g.Values[i].Mean}
		if !p.measured(g) || !isFinite(q.y) || !g.Complete() {
			continue
		}
		marks = append(marks, spot{at: q, marker: draw.CircleGlyph{}, title: p.told(k)})
		if p.chosen(k) {
			marks = append(marks, halo{q})
		}
	}
	return marks
}

// namedLevel is a level line with its name.
type namedLevel struct {
	name  string
	at    float64
	color color.RGBA
}

// levelNames writes the names of level lines beside them.
type levelNames struct {
	lines  []namedLevel
	levels []float64 // of all level lines
	marks  []xy      // to be kept clear
}

func (levelNames) shown() []xy { return nil }

func (n levelNames) draw(c draw.Canvas, at placing) {
	var marks []vg.Rectangle
	for _, q := range n.marks {
		marks = append(marks, around(vg.Point{X: at.x(q.x), Y: at.y(q.y)}, 4))
	}
	for _, level := range n.levels {
		y := at.y(level)
		marks = append(marks, vg.Rectangle{Min: vg.Point{X: at.area.Min.X, Y: y - 0.5}, Max: vg.Point{X: at.area.Max.X, Y: y + 0.5}})
	}
	for _, l := range n.lines {
		style := regular(8.5, blend(l.color, ink, 0.25))
		text := style.fit(l.name, at.area.Size().X/2)
		size := vg.Point{X: style.width(text) + 2, Y: 10}
		y := at.y(l.at)
		for _, corner := range []vg.Point{
			{X: at.area.Max.X - size.X, Y: y + 1}, {X: at.area.Min.X + 3, Y: y + 1}, {X: at.area.Max.X - size.X, Y: y - 1 - size.Y}, {X: at.area.Min.X + 3, Y: y - 1 - size.Y},
		} {
			b := vg.Rectangle{Min: corner, Max: corner.Add(size)}
			if overlaps(b, marks) == 0 && inside(at.area, b.Min) && inside(at.area, b.Max) {
				style.draw(c, b.Min.X+1, b.Min.Y+2, 0, text)
				marks = append(marks, b)
				break
			}
		}
	}
}

func (p *response) legend() (entries legend) {
	if p.colors == nil {
		return nil
	}
	for k, method := range p.methods {
		if len(p.judged(method, true))+len(p.judged(method, false)) == 0 {
			continue
		}
		look := p.methodLook(method)
		sample := curve{color: look.color, width: usualWidth, dashes: look.dashes}
		name := methodName(method)
		if k == 0 {
			sample = curve{color: softInk, width: usualWidth}
			look.marker = markers[0]
		}
		switch trials := p.judged(method, true); {
		case len(trials) == 0:
		case scattered(p.byValue(trials, p.Objectives[0])):
			name += ", trend"
		default:
			sample.marker = look.marker
			name += ", 95 % band"
		}
		entries = append(entries, entry{name: name, sample: sample})
	}
	if p.alone != nil {
		entries = append(entries, entry{name: "task alone, 95 % band", sample: curve{color: softInk, width: 1, dashes: aloneDashes}})
	}
	if p.choice != nil && p.measured(p.choice.Group) {
		entries = append(entries, entry{name: "chosen: " + p.choice.Group.Setting.Label(), sample: curve{color: chosenColor, marker: ringGlyph{}}})
	}
	return entries
}

// translucent is a colour for bands that may lie over one another.
func translucent(c color.RGBA) color.NRGBA { return color.NRGBA{c.R, c.G, c.B, 45} }
