package plotting

import (
	"fmt"
	"slices"

	"github.com/gomtl/gomtl/mtl/history"
)

// Compare draws several runs over each other: one panel a task, one curve a run. A run has the same colour in every panel, by
// its position in the arguments.
type Compare struct {
	Title  string // "Runs compared: validation loss" when empty, with the split and the metric shown
	Split  string // history.Validation when empty
	Metric string // the metric to show, for tasks that have it; the loss when empty
	Log    bool   // logarithmic values
}

// Figure draws the runs. Tasks are matched by name, and a run without the task is left out of its panel.
func (o Compare) Figure(runs ...*history.History) *Figure {
	split := orDefault(o.Split, history.Validation)
	p := panels{title: orDefault(o.Title, fmt.Sprintf("Runs compared: %s %s", split, orDefault(o.Metric, "loss")))}
	var words []string
	for _, task := range taskUnion(runs) {
		a := axes{title: task, xLabel: "step", counts: true, yLabel: orDefault(o.Metric, "loss"), log: o.Log}
		for j, run := range runs {
			series := run.Loss(split, task)
			if o.Metric != "" {
				series = run.Metric(split, task, o.Metric)
			}
			if len(series.Values) == 0 {
				continue
			}
			r := reduce(series.Steps, series.Values)
			a.curves = append(a.curves, runCurve(j, r.points()))
			if v, ok := r.last(); ok {
				words = append(words, fmt.Sprintf("%s %s %.4g", runName(run, j), task, v))
			}
		}
		if len(a.curves) > 0 || o.Metric == "" {
			p.axes = append(p.axes, a)
		}
	}
	for j, run := range runs {
		p.legend = append(p.legend, entry{name: runName(run, j), sample: runCurve(j, nil)})
	}
	return p.figure(words)
}

func runCurve(j int, points []xy) curve {
	look := runLook(j)
	return curve{points: points, color: look.color, width: 1.6, dashes: look.dashes, marker: look.marker, spacing: 24, offset: overlayOffset(j)}
}

func runName(run *history.History, j int) string {
	return orDefault(run.Run.Name, fmt.Sprintf("run %d", j+1))
}

func taskUnion(runs []*history.History) (names []string) {
	for _, run := range runs {
		for _, name := range run.TaskNames() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
