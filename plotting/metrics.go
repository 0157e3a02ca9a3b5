package plotting

import (
	"fmt"
	"slices"

	"github.com/gomtl/gomtl/mtl/history"
)

// Metrics draws the tasks' metrics over the steps of a run: one panel a metric, with a curve for each task that has it, so
// that tasks that are judged alike can be compared. ↑ marks metrics of which more is better, ↓ those of which less is.
type Metrics struct {
	Title string // "Metrics on validation" when empty and the split is validation
	Split string // history.Validation when empty
}

// Figure draws the run h.
func (m Metrics) Figure(h *history.History) *Figure {
	split := orDefault(m.Split, history.Validation)
	p := panels{title: orDefault(m.Title, "Metrics on "+split), subtitle: h.Run.Name}
	if p.subtitle != "" {
		p.subtitle += ", "
	}
	p.subtitle += "↑ higher is better, ↓ lower is better"
	var words []string
	shown := make([]bool, len(h.Run.Tasks))
	for _, metric := range metricNames(h, split) {
		a := axes{title: metric.title(), xLabel: "step", counts: true}
		for i, task := range h.TaskNames() {
			series := h.Metric(split, task, metric.Name)
			if len(series.Values) == 0 {
				continue
			}
			r := reduce(series.Steps, series.Values)
			look := taskLook(i)
			a.curves = append(a.curves, curve{points: r.points(), color: look.color, width: 1.6, dashes: look.dashes, marker: look.marker, spacing: 12})
			shown[i] = true
			if v, ok := r.last(); ok {
				words = append(words, fmt.Sprintf("%s %s %.4g", task, metric.Name, v))
			}
		}
		p.axes = append(p.axes, a)
	}
	for i, task := range h.TaskNames() {
		if shown[i] {
			look := taskLook(i)
			p.legend = append(p.legend, entry{name: task, sample: curve{color: look.color, width: 1.6, dashes: look.dashes, marker: look.marker}})
		}
	}
	return p.figure(words)
}

// namedMetric is a metric and, where the run says so, the direction in which it is better.
type namedMetric struct {
	history.Metric
	declared bool
}

func (m namedMetric) title() string {
	switch {
	case !m.declared:
		return m.Name
	case m.HigherIsBetter:
		return m.Name + " ↑"
	}
	return m.Name + " ↓"
}

// metricNames lists the metrics in the order in which the tasks declare them, then those that are only in the records.
func metricNames(h *history.History, split string) (metrics []namedMetric) {
	add := func(m namedMetric) {
		if !slices.ContainsFunc(metrics, func(known namedMetric) bool { return known.Name == m.Name }) {
			metrics = append(metrics, m)
		}
	}
	for _, task := range h.Run.Tasks {
		recorded := h.MetricNames(split, task.Name)
		for _, m := range task.Metrics {
			if slices.Contains(recorded, m.Name) {
				add(namedMetric{m, true})
			}
		}
		for _, name := range recorded {
			add(namedMetric{Metric: history.Metric{Name: name}})
		}
	}
	return metrics
}
