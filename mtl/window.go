package mtl

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl/history"
)

// window gathers the reports of the steps since the last record.
type window struct {
	Steps  int       `json:"steps"`
	Rate   float64   `json:"rate"`   // of the newest step
	Loss   []float64 `json:"loss"`   // by task: sum over the steps in which it had a label
	Weight []float64 `json:"weight"` // by task: sum over those steps
	Active []float64 `json:"active"` // by task: number of those steps
	Values []float64 `json:"values"` // of the quantities: sum over the steps
}

func newWindow(tasks int, quantities []history.Quantity) window {
	return window{Loss: make([]float64, tasks), Weight: make([]float64, tasks), Active: make([]float64, tasks), Values: make([]float64, width(quantities))}
}

// add takes the report of one step: losses, weights, activity, quantities.
func (w *window) add(report []float32, rate float64) {
	tasks := len(w.Loss)
	w.Steps++
	w.Rate = rate
	for i := range tasks {
		w.Loss[i] += float64(report[i])
		w.Weight[i] += float64(report[tasks+i])
		w.Active[i] += float64(report[2*tasks+i])
	}
	for i, value := range report[taskWidth*tasks:] {
		w.Values[i] += float64(value)
	}
}

// fits reports why a window that was saved cannot be that of a model whose window is empty.
func (w window) fits(empty window) error {
	switch {
	case len(w.Loss) != len(empty.Loss) || len(w.Weight) != len(empty.Loss) || len(w.Active) != len(empty.Loss):
		return fmt.Errorf("has %d losses, %d weights and %d counts for %d tasks", len(w.Loss), len(w.Weight), len(w.Active), len(empty.Loss))
	case len(w.Values) != len(empty.Values):
		return fmt.Errorf("reports %d numbers per step beside its losses, this model %d", len(w.Values), len(empty.Values))
	}
	return nil
}

// lastRate is the learning rate of the newest step: the window's, or that of the last record.
func (w window) lastRate(records []history.Record) float64 {
	for i := len(records) - 1; i >= 0 && w.Steps == 0; i-- {
		if records[i].Split == history.Train {
			return records[i].LearningRate
		}
	}
	return w.Rate
}

// record is the window's mean; a task without a label in all its steps is left out.
func (w *window) record(names []string, quantities []history.Quantity) history.Record {
	means := make([]float64, len(w.Values))
	for i, sum := range w.Values {
		means[i] = sum / float64(w.Steps)
	}
	r := history.Record{
		Split: history.Train, LearningRate: w.Rate, Loss: map[string]float64{}, Weight: map[string]float64{}, Values: valuesOf(quantities, means),
	}
	for i, name := range names {
		if w.Active[i] > 0 {
			r.Loss[name] = w.Loss[i] / w.Active[i]
			r.Weight[name] = w.Weight[i] / w.Active[i]
		}
	}
	return r
}
