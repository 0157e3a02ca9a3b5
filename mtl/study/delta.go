package study

import "github.com/gomtl/gomtl/mtl/delta"

// deltas is Δm of each trial against the tasks' mean values alone, over the trials, under both definitions.
func (s *Study) deltas(trials []*Trial, alone []Interval) (taskMean, metricMean Interval) {
	var byTask, byMetric []float64
	for _, t := range trials {
		rows := make([]delta.Compared, len(s.Objectives))
		for i, o := range s.Objectives {
			rows[i] = delta.Compared{Task: o.Task, Metric: o.Figure(), HigherIsBetter: o.HigherIsBetter, Value: o.Value(t), Baseline: alone[i].Mean}
		}
		a, errA := delta.TaskMean(rows)
		b, errB := delta.MetricMean(rows)
		if errA != nil || errB != nil {
			continue // a value that is not finite, or a baseline that is not above 0
		}
		byTask, byMetric = append(byTask, a.Percent), append(byMetric, b.Percent)
	}
	return NewInterval(byTask), NewInterval(byMetric)
}
