package study

import (
	"math"

	"github.com/gomtl/gomtl/mtl/history"
)

// Objective is the figure by which a study judges one task.
type Objective struct {
	Task string `json:"task"`
	// Metric is one of the task's metrics; empty means the loss.
	Metric         string `json:"metric,omitempty"`
	HigherIsBetter bool   `json:"higher_is_better"`
}

// Objectives are the first metric of each task, or the loss of a task without metrics.
func Objectives(tasks []history.Task) []Objective {
	objectives := make([]Objective, len(tasks))
	for i, t := range tasks {
		objectives[i] = Objective{Task: t.Name}
		if len(t.Metrics) > 0 {
			objectives[i].Metric, objectives[i].HigherIsBetter = t.Metrics[0].Name, t.Metrics[0].HigherIsBetter
		}
	}
	return objectives
}

// Figure is the name of what is measured, "loss" or the metric.
func (o Objective) Figure() string {
	if o.Metric == "" {
		return "loss"
	}
	return o.Metric
}

// String is "cls accuracy ↑".
func (o Objective) String() string {
	if o.HigherIsBetter {
		return o.Task + " " + o.Figure() + " ↑"
	}
	return o.Task + " " + o.Figure() + " ↓"
}

// Value is the trial's figure, NaN where it has none.
func (o Objective) Value(t *Trial) float64 {
	values := t.Loss
	name := o.Task
	if o.Metric != "" {
		values, name = t.Metric[o.Task], o.Metric
	}
	if v, ok := values[name]; ok {
		return v
	}
	return math.NaN()
}

// Cost is a value turned so that lower is better.
func (o Objective) Cost(value float64) float64 {
	if o.HigherIsBetter {
		return -value
	}
	return value
}

// worst is the worst finite value of a list, NaN without one.
func (o Objective) worst(values []float64) float64 {
	worst := math.NaN()
	for _, v := range values {
		if isFinite(v) && !(o.Cost(v) <= o.Cost(worst)) {
			worst = v
		}
	}
	return worst
}
