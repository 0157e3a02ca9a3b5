package history

import (
	"maps"
	"slices"
)

// point is one line of GoMLX's training_plot_points.json. Its names are GoMLX's; all fields are always written, because GoMLX's loader
// keeps the previous line's value where one is missing.
type point struct {
	MetricName string
	Short      string
	MetricType string
	Step       int
	Value      float64
}

// points returns what a record says in GoMLX's form: "Train: loss/<task>" and "loss/<task> on validation", of type "loss", and the same
// for weights and metrics. As GoMLX does, values that are not finite are left out.
func (r *Record) points() []point {
	var out []point
	add := func(kind, task string, value float64) {
		if !finite(value) {
			return
		}
		p := point{MetricType: kind, Step: r.Step, Value: value}
		if r.Split == Train {
			p.MetricName, p.Short = "Train: "+kind+"/"+task, "T/"+kind+"/"+task
		} else {
			p.MetricName, p.Short = kind+"/"+task+" on "+r.Split, kind+"/"+task+"("+r.Split[:min(3, len(r.Split))]+")"
		}
		out = append(out, p)
	}
	for _, task := range slices.Sorted(maps.Keys(r.Loss)) {
		add("loss", task, r.Loss[task])
	}
	for _, task := range slices.Sorted(maps.Keys(r.Weight)) {
		add("weight", task, r.Weight[task])
	}
	for _, task := range slices.Sorted(maps.Keys(r.Metric)) {
		for _, name := range slices.Sorted(maps.Keys(r.Metric[task])) {
			add(name, task, r.Metric[task][name])
		}
	}
	return out
}
