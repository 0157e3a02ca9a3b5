package plotting

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/pareto"
	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// TradeOff draws two objectives of a sweep against each other, so turned that better is to the right and up: a mark for each setting, the mean over its seeds with its 95 %
// interval, and a small dot for each seed. Its colour is the task weight or hyper-parameter, its marker the method. A line is the Pareto front; a ring is around the
// chosen setting. Grey lines are what the tasks reach alone, with 95 % bands; in the shaded quadrant both are better than that. Settings that
// were dropped early are small and pale.
//
// Under the mouse each mark tells its setting and figures. Where there are more than 30 settings, intervals and seeds are those of the front and of the methods that weigh by
// themselves. With more than two objectives the line is the front of the two that are shown, and settings on the front of all have a dark outline.
type TradeOff struct {
	Title string // "Trade-off of cls and seg" when empty, with the tasks
	X, Y  string // the objectives, each by its task or as "task metric"; the first two when empty
	By    string // what colours the marks: a task, for its weight relative to the others, or the path of a hyper-parameter; what varies most when empty
}

// Figure draws the study s.
func (t TradeOff) Figure(s *study.Study) *Figure {
	if len(s.Objectives) < 2 {
		return unsuited("trade-off", fmt.Errorf("want a study of two objectives or more, got %d", len(s.Objectives)))
	}
	o, err := overviewOf(s, t.By)
	if err != nil {
		return unsuited("trade-off", err)
	}
	p := &tradeOff{overview: o, few: len(o.groups) <= 30}
	if p.x, err = o.objective(t.X, 0); err != nil {
		return unsuited("trade-off", err)
	}
	other := 1
	if p.x == 1 {
		other = 0
	}
	if p.y, err = o.objective(t.Y, other); err != nil {
		return unsuited("trade-off", err)
	}
	if p.x == p.y {
		return unsuited("trade-off", fmt.Errorf("want two different objectives, got %s twice", s.Objectives[p.x]))
	}
	x, y := s.Objectives[p.x], s.Objectives[p.y]
	a := axes{xLabel: better(x), yLabel: better(y), margins: true, flipX: !x.HigherIsBetter, flipY: !y.HigherIsBetter}
	a.under, a.over = p.reference(), p.settings()
	layout := panels{
		title: orDefault(t.Title, "Trade-off of "+x.Task+" and "+y.Task), subtitle: o.status(), axes: []axes{a},
		colors: o.colors, legend: p.legend(), width: figureWidth, areaHeight: 300,
	}
	var words []string
	if o.choice != nil {
		g := o.choice.Group
		words = append(words, fmt.Sprintf("chosen %s with %s %s and %s %s", g.Setting.Label(), x, g.Values[p.x], y, g.Values[p.y]), o.status())
	}
	return layout.figure(words)
}

// tradeOff is the figure's study with the objectives that it shows.
type tradeOff struct {
	*overview
	x, y int
	few  bool // so few settings that each can have its interval and seeds
}

func (p *tradeOff) point(g *study.Group) xy { return xy{g.Values[p.x].Mean, g.Values[p.y].Mean} }

// places are the groups with figures.
func (p *tradeOff) places() (indices []int) {
	for _, i := range p.drawingOrder() {
		if at := p.point(p.groups[i]); isFinite(at.x) && isFinite(at.y) {
			indices = append(indices, i)
		}
	}
	return indices
}

var (
	bandColor = color.NRGBA{60, 60, 60, 16}
	winColor  = blend(taskColors[2], paper, 0.88)
	aloneLine = draw.LineStyle{Color: softInk, Width: 1, Dashes: aloneDashes}
)

// reference is what the tasks reach alone.
func (p *tradeOff) reference() []mark {
	if p.alone == nil {
		return nil
	}
	x, y := p.alone[p.x], p.alone[p.y]
	win := func(i study.Interval, o study.Objective) [2]float64 {
		if o.HigherIsBetter {
			return [2]float64{i.Mean, math.Inf(1)}
		}
		return [2]float64{i.Mean, math.Inf(-1)}
	}
	return []mark{
		box{x: win(x, p.Objectives[p.x]), y: win(y, p.Objectives[p.y]), color: winColor},
		box{x: [2]float64{x.Low(), x.High()}, y: everywhere, color: bandColor},
		box{x: everywhere, y: [2]float64{y.Low(), y.High()}, color: bandColor},
		rule{at: x.Mean, style: aloneLine},
		rule{at: y.Mean, level: true, style: aloneLine},
		window{{x.Mean, y.Mean}},
	}
}

// settings are the marks of all settings, from the intervals up to the labels.
func (p *tradeOff) settings() (marks []mark) {
	x, y := p.Objectives[p.x], p.Objectives[p.y]
	var spots, halos []mark
	for _, i := range p.places() {
		g, look := p.groups[i], p.look(p.groups[i])
		at := p.point(g)
		s := spot{at: at, marker: look.marker, radius: 3.6, color: look.color, outline: paper, title: p.told(i)}
		if !g.Complete() {
			s.radius, s.color = 2, blend(look.color, paper, 0.5)
			spots = append(spots, s)
			continue
		}
		if p.onFront[i] {
			s.outline = ink
		}
		if p.chosen(i) {
			halos = append(halos, halo{at})
		}
		spots = append(spots, s)
		if !p.few && !p.onFront[i] && p.measured(g) {
			continue
		}
		pale := blend(look.color, paper, 0.45)
		marks = append(marks,
			whisker{at: at, low: g.Values[p.y].Low(), high: g.Values[p.y].High(), color: pale, width: 0.9},
			whisker{at: at, low: g.Values[p.x].Low(), high: g.Values[p.x].High(), level: true, color: pale, width: 0.9})
		if xs, ys := figures(g.Judged(), x), figures(g.Judged(), y); len(xs) > 1 {
			d := dust{radius: 1.3, color: blend(look.color, paper, 0.2)}
			for k := range xs {
				d.at = append(d.at, xy{xs[k], ys[k]})
			}
			marks = append(marks, d)
		}
	}
	marks = append(marks, p.front(), p.window())
	marks = append(append(marks, spots...), halos...)
	return append(marks, nameTags{p})
}

// window has the ends of intervals that the axes show: those that are not so far out that the settings themselves would have little room.
func (p *tradeOff) window() (w window) {
	ends := func(k int) (low, high float64, all [][2]float64) {
		low, high = math.Inf(1), math.Inf(-1)
		for _, i := range p.places() {
			v := p.groups[i].Values[k]
			low, high = math.Min(low, v.Mean), math.Max(high, v.Mean)
			all = append(all, [2]float64{v.Low(), v.High()})
		}
		return low, high, all
	}
	const most = 0.4 // of the range of the means
	lowX, highX, xs := ends(p.x)
	lowY, highY, ys := ends(p.y)
	for k := range xs {
		for end := range 2 {
			w = append(w, xy{
				math.Max(lowX-most*(highX-lowX), math.Min(xs[k][end], highX+most*(highX-lowX))),
				math.Max(lowY-most*(highY-lowY), math.Min(ys[k][end], highY+most*(highY-lowY))),
			})
		}
	}
	return w
}

// front is the line of the front of the two objectives.
func (p *tradeOff) front() mark {
	var points [][]float64
	for _, i := range p.places() {
		if g := p.groups[i]; g.Complete() {
			points = append(points, []float64{p.Objectives[p.x].Cost(g.Values[p.x].Mean), p.Objectives[p.y].Cost(g.Values[p.y].Mean)})
		}
	}
	var steps stair
	for _, i := range pareto.Front(points) {
		steps = append(steps, xy{p.Objectives[p.x].Cost(points[i][0]), p.Objectives[p.y].Cost(points[i][1])}) // the cost of a cost is the value
	}
	slices.SortFunc(steps, func(a, b xy) int { return cmp.Compare(a.x, b.x) })
	if !p.Objectives[p.x].HigherIsBetter {
		slices.Reverse(steps)
	}
	return steps
}

var frontLine = draw.LineStyle{Color: ink, Width: 1.1}

// stair goes from each point down, then right, to the next: no setting is above or right of it.
type stair []xy

func (stair) shown() []xy { return nil }

func (s stair) draw(c draw.Canvas, at placing) {
	s = slices.DeleteFunc(slices.Clone(s), at.isGap)
	if len(s) < 2 {
		return
	}
	var points []vg.Point
	for i, q := range s {
		points = append(points, vg.Point{X: at.x(q.x), Y: at.y(q.y)})
		if i+1 < len(s) {
			points = append(points, vg.Point{X: at.x(q.x), Y: at.y(s[i+1].y)})
		}
	}
	line(c, frontLine, points...)
}

func (p *tradeOff) legend() (entries legend) {
	entries = p.methodLegend(0, true)
	if len(p.places()) == 0 {
		return entries
	}
	name := "Pareto front"
	if len(p.Objectives) > 2 {
		name = "front of these two"
		entries = append(entries, entry{name: "on the front of all", sample: curve{color: ink, marker: ringGlyph{}}})
	}
	entries = append(entries, entry{name: name, sample: curve{color: frontLine.Color.(color.RGBA), width: frontLine.Width}})
	if p.alone != nil {
		entries = append(entries,
			entry{name: "task alone, 95 % band", sample: curve{color: softInk, width: 1, dashes: aloneDashes}},
			entry{name: "both better than alone", sample: curve{color: winColor}, swatch: true})
	}
	return entries
}
