package mtl

import (
	"fmt"
	"math"

	"github.com/gomtl/gomtl/mtl/history"
)

// Monitor chooses the validation figure by which the best checkpoint, early stopping and the plateau schedule judge a run.
type Monitor struct {
	// Task is a task's name; empty means the mean over all tasks.
	Task string
	// Metric is one of the task's metrics; empty means the loss. The mean over all tasks is of losses only.
	Metric string
}

func (m Monitor) check(model *Model) error {
	if m.Task == "" {
		if m.Metric != "" {
			return fmt.Errorf("mtl: Monitor.Metric %q needs Monitor.Task: metrics of different tasks have no common mean", m.Metric)
		}
		return nil
	}
	task, err := model.Task(m.Task)
	if err != nil {
		return err
	}
	var names []string
	for _, metric := range task.Metrics {
		if metric.Name() == m.Metric {
			return nil
		}
		names = append(names, metric.Name())
	}
	if m.Metric != "" {
		return fmt.Errorf("mtl: Monitor.Metric %q is no metric of task %q, which has %q", m.Metric, m.Task, names)
	}
	return nil
}

// checkLabels reports a monitored task that the validation split, which may be nil, has no label of: its figures would all be NaN.
func (m Monitor) checkLabels(model *Model, split *Split) error {
	if m.Task == "" || split == nil {
		return nil
	}
	task, err := model.Task(m.Task)
	if err != nil {
		return err
	}
	some, err := task.labelled(split.Labels[m.Task], split.Masks[m.Task])
	if err == nil && !some {
		err = fmt.Errorf("mtl: Monitor.Task is %q, which has no labelled example in the %s split: monitor another task, or give it labels", m.Task, history.Validation)
	}
	return err
}

// value is the monitored figure of a validation record, turned so that lower is better.
func (m Monitor) value(model *Model, r history.Record) float64 {
	if m.Task == "" {
		sum, count := 0.0, 0
		for _, task := range model.Tasks {
			// A task without a single validation label has no loss.
			if loss, ok := r.Loss[task.Name]; ok && !math.IsNaN(loss) {
				sum, count = sum+loss, count+1
			}
		}
		return sum / float64(count)
	}
	if m.Metric == "" {
		return r.Loss[m.Task]
	}
	task, err := model.Task(m.Task)
	if err != nil {
		return math.NaN()
	}
	for _, metric := range task.Metrics {
		if metric.Name() == m.Metric && metric.HigherIsBetter() {
			return -r.Metric[m.Task][m.Metric]
		}
	}
	return r.Metric[m.Task][m.Metric]
}

// sinceBest returns the position of the best value (-1 when there is none) and how many followed without improving on it by more than minDelta.
func sinceBest(values []float64, minDelta float64) (best, waited int) {
	best, low := -1, math.Inf(1)
	for i, v := range values {
		if v < low-minDelta {
			best, low, waited = i, v, 0
		} else {
			waited++
		}
	}
	return best, waited
}
