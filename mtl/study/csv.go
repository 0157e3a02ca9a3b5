package study

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
)

// WriteCSV writes one row a trial, baselines included: the setting (method, seed, a column a task weight, a column a hyper-parameter), state, steps, seconds,
// loss and metrics of each task, Δm under both definitions, whether the setting is on the Pareto front, and the error of a failed trial. A figure that
// there is not is an empty field.
func (s *Study) WriteCSV(w io.Writer) error {
	var weights, values []string
	for _, t := range s.Trials {
		weights = append(weights, slices.Collect(maps.Keys(t.Weights))...)
		values = append(values, slices.Collect(maps.Keys(t.Values))...)
	}
	weights, values = distinct(weights), distinct(values)
	header := []string{"trial", "alone", "method", "seed"}
	for _, task := range weights {
		header = append(header, "weight/"+task)
	}
	header = append(header, values...)
	header = append(header, "state", "step", "steps", "seconds")
	for _, task := range s.Tasks {
		header = append(header, "loss/"+task.Name)
		for _, m := range task.Metrics {
			header = append(header, task.Name+"/"+m.Name)
		}
	}
	header = append(header, "delta_task_mean", "delta_metric_mean", "pareto_front", "error")
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	front := map[string]bool{}
	groups := s.Groups()
	for _, i := range s.Front(groups) {
		front[groups[i].Setting.Key()] = true
	}
	alone := s.Alone()
	for _, t := range slices.Concat(s.Baselines, s.Trials) {
		row := []string{t.Name(), t.Alone, t.Method, strconv.FormatInt(t.Seed, 10)}
		for _, task := range weights {
			row = append(row, field(t.Weights, task))
		}
		for _, path := range values {
			row = append(row, numbers(t.Values[path], " "))
		}
		row = append(row, string(t.State), fmt.Sprint(t.Step), fmt.Sprint(t.Steps), cell(t.Seconds))
		for _, task := range s.Tasks {
			row = append(row, field(t.Loss, task.Name))
			for _, m := range task.Metrics {
				row = append(row, field(t.Metric[task.Name], m.Name))
			}
		}
		byTask, byMetric := math.NaN(), math.NaN()
		if alone != nil && t.Alone == "" && t.Judged() {
			a, b := s.deltas([]*Trial{t}, alone)
			byTask, byMetric = a.Mean, b.Mean
		}
		onFront := ""
		if t.Alone == "" {
			onFront = strconv.FormatBool(front[t.Key()])
		}
		if err := out.Write(append(row, cell(byTask), cell(byMetric), onFront, t.Error)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func field(values map[string]float64, name string) string {
	if v, ok := values[name]; ok {
		return cell(v)
	}
	return ""
}

func cell(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return number(v)
}
