package study

import (
	"maps"
	"math"

	"github.com/gomtl/gomtl/mtl/history"
)

// State is how far a trial is.
type State string

// The states of a trial.
const (
	Pending State = "pending"
	Running State = "running" // or cut off while it ran: the same call of the sweep goes on with it
	Paused  State = "paused"  // waits for the others at a rung of successive halving
	Done    State = "done"
	Dropped State = "dropped" // by successive halving: others were better at the same step
	Failed  State = "failed"  // Error says why
)

// Trial is one training run of a sweep.
type Trial struct {
	Setting
	State State  `json:"state"`
	Error string `json:"error,omitempty"`
	// Round of an adaptive sweep that planned it; 0 is the first.
	Round int `json:"round,omitempty"`
	// Step is the number of steps done, Steps the number planned.
	Step  int `json:"step"`
	Steps int `json:"steps"`
	// Seconds of training.
	Seconds float64 `json:"seconds"`
	// Loss and Metric are what the study judges by, at Step on Study.Split, by task.
	Loss   map[string]float64            `json:"loss,omitempty"`
	Metric map[string]map[string]float64 `json:"metric,omitempty"`
	// Weight is each task's mean weight over the last record.
	Weight map[string]float64 `json:"weight,omitempty"`

	// History has the records so far; it is in the trial's run folder, not in its own file. May be nil.
	History *history.History `json:"-"`
}

// judge takes the figures of a record: losses, metrics and step.
func (t *Trial) judge(r *history.Record) {
	if r != nil {
		t.Step, t.Loss, t.Metric = max(t.Step, r.Step), maps.Clone(r.Loss), r.Metric
	}
}

// Follow takes the newest figures of a split from the history, which becomes the trial's.
func (t *Trial) Follow(h *history.History, split string) {
	t.History = h
	t.judge(h.Last(split))
	if last := h.Last(history.Train); last != nil {
		t.Step, t.Weight, t.Seconds = max(t.Step, last.Step), last.Weight, math.Max(t.Seconds, last.Seconds)
	}
}

// Judged tells whether the trial has figures to be compared by: it is done, dropped or paused.
func (t *Trial) Judged() bool { return t.State == Done || t.State == Dropped || t.State == Paused }
