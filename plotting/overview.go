package plotting

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"gonum.org/v1/plot/vg"
)

// SweepPlot is a figure of a study, finished or in progress: TradeOff, SweepLosses, Response, Simplex, Parallel or Chosen.
type SweepPlot interface {
	Figure(s *study.Study) *Figure
}

// SweepPlots are those that suit a study, the most telling first.
func SweepPlots(s *study.Study) []SweepPlot {
	var plots []SweepPlot
	if len(s.Objectives) > 1 {
		plots = append(plots, TradeOff{})
	}
	plots = append(plots, Chosen{})
	if simplexTasks(s) != nil {
		plots = append(plots, Simplex{})
	}
	if o, err := overviewOf(s, ""); err == nil && o.colors != nil {
		plots = append(plots, Response{})
	}
	if len(s.Objectives) > 0 {
		plots = append(plots, Parallel{})
	}
	return append(plots, SweepLosses{})
}

// SweepTable is the study's table: a setting a row.
func SweepTable(s *study.Study) Table {
	header, rows := s.Table()
	t := Table{Header: header}
	for _, row := range rows {
		cells := make([]any, len(row))
		for i, text := range row {
			cells[i] = text
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// overview is a study as its figures see it.
type overview struct {
	*study.Study
	groups  []*study.Group
	onFront []bool
	choice  *study.Choice // nil while no setting has run to its end
	alone   []study.Interval
	methods []string // of the settings, "" first
	by      quantity // by which settings are coloured
	colors  *colored // nil where there is no such quantity
}

// overviewOf is the study with its settings coloured by a quantity, see quantityFor.
func overviewOf(s *study.Study, by string) (*overview, error) {
	o := &overview{Study: s, groups: s.Groups(), choice: s.Choose(), alone: s.Alone()}
	o.onFront = make([]bool, len(o.groups))
	for _, i := range s.Front(o.groups) {
		o.onFront[i] = true
	}
	for _, g := range o.groups {
		if !slices.Contains(o.methods, g.Setting.Method) {
			o.methods = append(o.methods, g.Setting.Method)
		}
	}
	slices.SortStableFunc(o.methods, func(a, b string) int { return min(len(a), 1) - min(len(b), 1) })
	q, found, err := quantityFor(by, o.settings(), s.TaskNames())
	if err != nil {
		return nil, err
	}
	if found {
		o.by = q
		o.colors = &colored{name: q.name, scale: settingScale(q.values(o.settings()), q.weight)}
	}
	return o, nil
}

func (o *overview) settings() []study.Setting {
	settings := make([]study.Setting, len(o.groups))
	for i, g := range o.groups {
		settings[i] = g.Setting
	}
	return settings
}

func (o *overview) chosen(i int) bool { return o.choice != nil && o.choice.Index == i }

// objective is the index of the one of a task, or of "task metric"; def for "".
func (o *overview) objective(name string, def int) (int, error) {
	if name == "" {
		return def, nil
	}
	var known []string
	for i, objective := range o.Objectives {
		full := objective.Task + " " + objective.Figure()
		if name == objective.Task || name == full {
			return i, nil
		}
		known = append(known, full)
	}
	return 0, fmt.Errorf("want one of the objectives %q or its task, got %q", known, name)
}

// taskLook is that of an objective's task.
func (o *overview) taskLook(objective study.Objective) look {
	return taskLook(max(0, slices.Index(o.TaskNames(), objective.Task)))
}

// Colours of methods that are not in the colour map.
var methodColors = []color.RGBA{mutedColors[1], mutedColors[8], mutedColors[5], mutedColors[4]}

// methodLook is that of a method that is not fixed weights: neither the solid line nor the disc of those.
func (o *overview) methodLook(method string) look {
	if method == "" {
		return look{color: mutedColors[0], marker: markers[0]}
	}
	i := slices.Index(o.methods, method)
	if o.methods[0] == "" {
		i--
	}
	return look{color: methodColors[i%len(methodColors)], dashes: dashPatterns[1+i%(len(dashPatterns)-1)], marker: markers[1+i%(len(markers)-1)]}
}

// look is coloured by the quantity where the setting has it.
func (o *overview) look(g *study.Group) look {
	l := o.methodLook(g.Setting.Method)
	if o.measured(g) {
		l.color = o.colors.color(o.by.of(g.Setting))
	}
	return l
}

// measured tells whether the setting has the quantity by which settings are coloured.
func (o *overview) measured(g *study.Group) bool {
	return o.colors != nil && !math.IsNaN(o.by.of(g.Setting))
}

// methodName is for people.
func methodName(method string) string { return orDefault(method, "fixed weights") }

// methodLegend tells methods apart where there are several: by their markers, or by their dashes, in grey where colour stands for something else.
func (o *overview) methodLegend(width vg.Length, markers bool) (entries legend) {
	if len(o.methods) < 2 {
		return nil
	}
	for _, m := range o.methods {
		l := o.methodLook(m)
		if !slices.ContainsFunc(o.groups, func(g *study.Group) bool { return g.Setting.Method == m && !o.measured(g) }) {
			l.color = softInk
		}
		sample := curve{color: l.color, width: width, dashes: l.dashes}
		if markers {
			sample.marker = l.marker
		}
		entries = append(entries, entry{name: methodName(m), sample: sample})
	}
	return entries
}

// status says which study it is and how far.
func (o *overview) status() string {
	counts := map[study.State]int{}
	for _, t := range o.Trials {
		counts[t.State]++
	}
	text := plural(len(o.Trials), "trial")
	if counts[study.Done] < len(o.Trials) {
		text = fmt.Sprintf("%d of %s done", counts[study.Done], plural(len(o.Trials), "trial"))
	}
	for _, state := range []study.State{study.Running, study.Dropped, study.Failed} {
		if n := counts[state]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, state)
		}
	}
	if o.Name != "" {
		text = o.Name + ": " + text
	}
	if o.Split != "" && o.Split != history.Validation {
		text += ", judged on " + o.Split
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// told is what a setting says under the mouse.
func (o *overview) told(i int) string {
	g := o.groups[i]
	lines := []string{g.Setting.Label()}
	for k, objective := range o.Objectives {
		lines = append(lines, objective.String()+" "+g.Values[k].String())
	}
	if g.TaskMean.N > 0 {
		lines = append(lines, "Δm "+delta(g.TaskMean)+" %")
	}
	words := []string{plural(len(g.Judged()), "seed")}
	if o.onFront[i] {
		words = append(words, "on the Pareto front")
	}
	if o.chosen(i) {
		words = append(words, "chosen")
	}
	if !g.Complete() {
		words = append(words, "not run to its end")
	}
	return strings.Join(append(lines, strings.Join(words, ", ")), "\n")
}

// delta is Δm with its sign and its interval.
func delta(i study.Interval) string {
	if math.IsNaN(i.Half) {
		return minus(fmt.Sprintf("%+.1f", i.Mean))
	}
	return minus(fmt.Sprintf("%+.1f ± %.1f", i.Mean, i.Half))
}

// allEqual tells whether a setting weighs all tasks alike.
func allEqual(s study.Setting, tasks []string) bool {
	if s.Method != "" {
		return s.Method == "Equal"
	}
	return len(s.Weights) > 0 && !slices.ContainsFunc(tasks, func(t string) bool { return weightOf(s, t) != weightOf(s, tasks[0]) })
}

// better says where better is along an axis that points that way.
func better(o study.Objective) string { return o.Task + " " + o.Figure() + ", better →" }

// unsuited is the figure of a study that a plot cannot draw.
func unsuited(plot string, err error) *Figure { return failed("%s: %w", plot, err) }
