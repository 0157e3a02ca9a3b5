package mtl

import "github.com/gomtl/gomtl/mtl/delta"

// Compare sets a model's evaluation against that of single-task baselines, for Delta-m: one row a task, by the first of its metrics.
func Compare(tasks []Task, value, baseline *Evaluation) []delta.Compared {
	var rows []delta.Compared
	for _, t := range tasks {
		if len(t.Metrics) == 0 {
			continue
		}
		first := t.Metrics[0]
		rows = append(rows, delta.Compared{
			Task: t.Name, Metric: first.Name(), HigherIsBetter: first.HigherIsBetter(),
			Value: value.Metric[t.Name][first.Name()], Baseline: baseline.Metric[t.Name][first.Name()],
		})
	}
	return rows
}

// Merge joins the figures of several evaluations, as of models trained on one task each. Where a task is in several, the last counts.
func Merge(evaluations ...*Evaluation) *Evaluation {
	all := &Evaluation{Loss: map[string]float64{}, Metric: map[string]map[string]float64{}}
	for _, e := range evaluations {
		for task, loss := range e.Loss {
			all.Loss[task], all.Metric[task] = loss, e.Metric[task]
		}
	}
	return all
}
