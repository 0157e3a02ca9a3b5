// Package history holds what a training run recorded: its description and, step by step, every task's loss, weight and
// metrics. It imports the standard library only, so that a notebook cell that plots a run links without GoMLX.
package history

import (
	"maps"
	"slices"
	"time"
)

// Splits a record can belong to.
const (
	Train      = "train"
	Validation = "validation"
	Test       = "test"
	// Probe is what was measured between steps on training data.
	Probe = "probe"
)

// Task describes one task of a run, as far as plots and tables need it.
type Task struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`              // "classification", "binary", "multi-label", "regression", "segmentation" or "pixel-regression"
	Classes []string `json:"classes,omitempty"` // class names, by class index
	Metrics []Metric `json:"metrics,omitempty"`
}

// Metric names one figure of a task and the direction in which it is better.
type Metric struct {
	Name           string `json:"name"`
	HigherIsBetter bool   `json:"higher_is_better"`
}

// Run is the content of run.json: everything that is fixed before the first step.
type Run struct {
	Name          string    `json:"name"`
	Created       time.Time `json:"created"`
	Tasks         []Task    `json:"tasks"`
	Seed          int64     `json:"seed"`
	Steps         int       `json:"steps"`           // optimisation steps the run was asked for
	StepsPerEpoch int       `json:"steps_per_epoch"` // 0 when the data set streams without an end
	BatchSize     int       `json:"batch_size"`
	Weighting     string    `json:"weighting"`
	// Hyperparameters that were set for this run, by path.
	Hyperparameters map[string][]float64 `json:"hyperparameters,omitempty"`
	Optimizer       string               `json:"optimizer"`
	// Frozen are the paths whose variables were not trained.
	Frozen []string `json:"frozen,omitempty"`
	// Quantities describe what Record.Values holds.
	Quantities []Quantity `json:"quantities,omitempty"`
	// Training is all that the numbers of the run depend on, by name: architecture, tasks, optimiser,
	// data. A run is only continued where all of it is the same.
	Training  map[string]string `json:"training,omitempty"`
	Backend   string            `json:"backend"`   // one line: backend, plugin file, PJRT API version, device
	Execution string            `json:"execution"` // how steps are run, and why
	Versions  map[string]string `json:"versions"`
	Config    map[string]any    `json:"config"`
}

// Record is one line of history.jsonl.
type Record struct {
	Step         int                           `json:"step"` // steps finished when this was recorded; the first is 1
	Split        string                        `json:"split"`
	Epoch        float64                       `json:"epoch"`
	Seconds      float64                       `json:"seconds"` // training time so far, over all sessions of the run
	LearningRate float64                       `json:"learning_rate,omitempty"`
	Loss         map[string]float64            `json:"loss"`             // by task; train: mean over the steps since the last record
	Weight       map[string]float64            `json:"weight,omitempty"` // by task; train only
	Metric       map[string]map[string]float64 `json:"metric,omitempty"` // by task, then metric
	Values       map[string][]float64          `json:"values,omitempty"` // by the name of a Quantity, row by row
}

// History is a run and its records in the order in which they were made.
type History struct {
	Run     Run
	Records []Record

	sums []chain // after each record, of a history that was loaded
}

// Series is one curve: Values[i] was measured at Steps[i].
type Series struct {
	Name   string
	Steps  []float64
	Values []float64
}

// TaskNames returns the run's task names in the order of its definition.
func (h *History) TaskNames() []string {
	names := make([]string, len(h.Run.Tasks))
	for i, t := range h.Run.Tasks {
		names[i] = t.Name
	}
	return names
}

// Loss returns task's loss on a split, one value a record.
func (h *History) Loss(split, task string) Series {
	return h.series(task, split, func(r Record) (float64, bool) { v, ok := r.Loss[task]; return v, ok })
}

// Weight returns the weight that task's loss had in the training objective.
func (h *History) Weight(task string) Series {
	return h.series(task, Train, func(r Record) (float64, bool) { v, ok := r.Weight[task]; return v, ok })
}

// Metric returns one of task's metrics on a split.
func (h *History) Metric(split, task, metric string) Series {
	return h.series(task+" "+metric, split, func(r Record) (float64, bool) { v, ok := r.Metric[task][metric]; return v, ok })
}

// Last returns the newest record of a split, nil when there is none.
func (h *History) Last(split string) *Record {
	for i := len(h.Records) - 1; i >= 0; i-- {
		if h.Records[i].Split == split {
			return &h.Records[i]
		}
	}
	return nil
}

// MetricNames returns the names of all metrics that task has in the records of a split, sorted.
func (h *History) MetricNames(split, task string) []string {
	seen := map[string]bool{}
	for _, r := range h.Records {
		if r.Split == split {
			for name := range r.Metric[task] {
				seen[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func (h *History) series(name, split string, value func(Record) (float64, bool)) Series {
	s := Series{Name: name}
	for _, r := range h.Records {
		if r.Split != split {
			continue
		}
		if v, ok := value(r); ok {
			s.Steps = append(s.Steps, float64(r.Step))
			s.Values = append(s.Values, v)
		}
	}
	return s
}
