package plotting

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// SweepLosses draws each task's loss over the steps: one panel a task, one curve a setting, the mean over those of its seeds that have got as far, in the colour of
// its task weight or hyper-parameter. Settings that leave that open, as methods that weigh by themselves do, have dashed curves in colours of their own.
// The chosen setting is bold, a setting that was dropped or failed is thin and ends early, a task trained alone is dotted grey.
type SweepLosses struct {
	Title string // "Validation loss by weight of seg" when empty, with the split and what colours the curves
	Split string // history.Validation when empty, or history.Train for a study without validation
	Log   bool   // logarithmic losses
	By    string // what colours the curves: a task, for its weight relative to the others, or the path of a hyper-parameter; what varies most when empty
	Each  bool   // one curve a trial in place of the mean over a setting's seeds
}

// Figure draws the study s.
func (l SweepLosses) Figure(s *study.Study) *Figure {
	o, err := overviewOf(s, l.By)
	if err != nil {
		return unsuited("sweep losses", err)
	}
	split := l.Split
	if split == "" {
		split = orDefault(s.Split, history.Validation)
	}
	title := map[string]string{history.Train: "Training loss", history.Validation: "Validation loss"}[split]
	title = orDefault(title, split+" loss")
	p := panels{title: title + " of every setting", subtitle: o.status(), colors: o.colors}
	if o.colors != nil {
		p.title = title + " by " + o.by.name
	}
	p.title = orDefault(l.Title, p.title)
	var words []string
	alone := false
	for i, task := range s.Tasks {
		look := taskLook(i)
		a := axes{title: task.Name, color: look.color, marker: look.marker, xLabel: "step", counts: true, yLabel: "loss", log: l.Log}
		if c, ok := l.alone(s, split, task.Name); ok {
			a.curves, alone = append(a.curves, c), true
		}
		for _, k := range o.drawingOrder() {
			for _, c := range l.curves(o, k, split, task.Name) {
				a.curves = append(a.curves, c)
				if o.chosen(k) && len(c.points) > 0 {
					words = append(words, fmt.Sprintf("%s %s %.4g", o.groups[k].Setting.Label(), task.Name, c.points[len(c.points)-1].y))
				}
			}
		}
		p.axes = append(p.axes, a)
	}
	if slices.ContainsFunc(p.axes, func(a axes) bool { return len(a.curves) > 0 }) {
		p.legend = l.legend(o, alone)
		words = append(words, o.status())
	}
	return p.figure(words)
}

// drawingOrder are the groups with the chosen one last, on top.
func (o *overview) drawingOrder() []int {
	var order []int
	for i := range o.groups {
		if !o.chosen(i) {
			order = append(order, i)
		}
	}
	if o.choice != nil {
		order = append(order, o.choice.Index)
	}
	return order
}

const (
	usualWidth  = vg.Length(1.4)
	chosenWidth = vg.Length(3)
	endedWidth  = vg.Length(0.7)
)

var aloneDashes = []vg.Length{1.5, 2.5}

// curves are those of a group in a task's panel.
func (l SweepLosses) curves(o *overview, i int, split, task string) (curves []curve) {
	g := o.groups[i]
	lists := [][]*study.Trial{g.Trials}
	if l.Each {
		lists = nil
		for _, t := range g.Trials {
			lists = append(lists, []*study.Trial{t})
		}
	}
	for _, trials := range lists {
		points := meanLoss(trials, split, task)
		if len(points) == 0 {
			continue
		}
		look := o.look(g)
		c := curve{points: points, color: look.color, dashes: look.dashes, width: usualWidth}
		switch all := func(state study.State) bool {
			return !slices.ContainsFunc(trials, func(t *study.Trial) bool { return t.State != state })
		}; {
		case all(study.Failed):
			c.width, c.end = endedWidth, crossGlyph{}
		case all(study.Dropped):
			c.width = endedWidth
		case o.chosen(i):
			c.width = chosenWidth
		}
		last := points[len(points)-1]
		c.title = fmt.Sprintf("%s\n%s loss %.4g at step %.0f", g.Setting.Label(), task, last.y, last.x)
		if l.Each {
			c.title += fmt.Sprintf("\nseed %d, %s", trials[0].Seed, trials[0].State)
		}
		curves = append(curves, c)
	}
	return curves
}

func (SweepLosses) alone(s *study.Study, split, task string) (curve, bool) {
	trials := slices.DeleteFunc(slices.Clone(s.Baselines), func(t *study.Trial) bool { return t.Alone != task })
	points := meanLoss(trials, split, task)
	return curve{points: points, color: softInk, width: usualWidth, dashes: aloneDashes, title: task + " alone"}, len(points) > 0
}

func (l SweepLosses) legend(o *overview, alone bool) legend {
	entries := o.methodLegend(usualWidth, false)
	if o.choice != nil {
		look := o.look(o.choice.Group)
		entries = append(entries, entry{name: "chosen: " + o.choice.Group.Setting.Label(), sample: curve{color: look.color, width: chosenWidth, dashes: look.dashes}})
	}
	if alone {
		entries = append(entries, entry{name: "task alone", sample: curve{color: softInk, width: usualWidth, dashes: aloneDashes}})
	}
	for _, ended := range []struct {
		state study.State
		end   draw.GlyphDrawer
	}{{study.Dropped, nil}, {study.Failed, crossGlyph{}}} {
		if slices.ContainsFunc(o.Trials, func(t *study.Trial) bool { return t.State == ended.state }) {
			entries = append(entries, entry{name: string(ended.state), sample: curve{color: softInk, width: endedWidth, marker: ended.end}})
		}
	}
	return entries
}

// meanLoss is the mean of a loss over the trials that have a record at a step, for all steps.
func meanLoss(trials []*study.Trial, split, task string) []xy {
	sum, count := map[float64]float64{}, map[float64]float64{}
	for _, t := range trials {
		if t.History == nil {
			continue
		}
		series := t.History.Loss(split, task)
		for i, step := range series.Steps {
			if isFinite(series.Values[i]) {
				sum[step], count[step] = sum[step]+series.Values[i], count[step]+1
			}
		}
	}
	var r reduction
	r.limit = maxBuckets / 4
	for _, step := range slices.Sorted(maps.Keys(sum)) {
		r.add(step, sum[step]/count[step])
	}
	points := r.points()
	return slices.DeleteFunc(points, func(p xy) bool { return math.IsNaN(p.y) })
}
