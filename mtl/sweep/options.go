package sweep

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/study"
)

// Options say what to sweep, and how.
type Options struct {
	// Fit is how every trial is trained, but for what its setting says. Backend and one of Steps and Epochs are required. LearningRate 0 means 0.001. Validations are a
	// tenth of the steps apart unless ValidateEvery says otherwise, and checkpoints are written where validation is better than ever and at the end, and
	// every SaveEvery steps where that is set. Store, Seed, RunDir, Observers and Config are the sweep's to choose.
	Fit mtl.FitOptions
	// Settings are the trials; see Product. None is one setting: Fit's own.
	Settings []Setting
	// Dir is the study's folder; a study found there is continued. Empty writes nothing, and then a sweep that is interrupted starts over.
	Dir string
	// Name of the study; empty means the name of Dir.
	Name string
	// Objectives are what settings are compared by, one for each task; nil means each task's first metric, or its loss where it has none. They are measured on
	// Data.Validation at the end of each trial, or in training where there is none.
	Objectives []study.Objective
	// Reference is the point up to which hypervolume is measured, a value for each objective; nil means the worst values found.
	Reference []float64
	// Adaptive adds settings where the front is thin; nil adds none.
	Adaptive *Adaptive
	// Halving stops settings early that others dominate; nil stops none.
	Halving *Halving
	// NoBaselines leaves out the training of each task alone, and with it Δm.
	NoBaselines bool
	// Baselines are those of another study with the same Fit options, to be taken over instead of trained; see study.Study.Baselines.
	Baselines []*study.Trial
	// Workers is how many trials run at once. 0 begins with one and adds more, up to one a CPU core and at least two, while cores are idle, where XLA runs
	// on the CPU; elsewhere it means one. Numbers do not depend on it.
	Workers int
	// MemoryBytes bounds what the variables of the trials under way may take, by lowering Workers; 0 means half of the memory that is free on a CPU.
	MemoryBytes int64
	// Share is which part of the trials this process runs; the zero value means all.
	Share Share
	// Observers watch the sweep.
	Observers []study.Observer
	// Log receives what is worth knowing; nil means slog.Default().
	Log *slog.Logger
}

// Share is part Index, counted from 0, of Count equal parts of a sweep's trials, for several machines with one folder. Neither Adaptive nor Halving can be
// shared: both wait for all results.
type Share struct{ Index, Count int }

// takes tells whether trial number i is in the share.
func (s Share) takes(i int) bool { return s.Count <= 1 || i%s.Count == s.Index }

// withDefaults checks the options and fills in what was left out.
func (o Options) withDefaults(m *mtl.Model, data mtl.Data) (Options, error) {
	f := &o.Fit
	switch {
	case m == nil || len(m.Tasks) == 0:
		return o, fmt.Errorf("sweep: the model has no tasks: add at least one to Model.Tasks")
	case data.Train == nil:
		return o, fmt.Errorf("sweep: Data.Train is missing: a sweep puts its data on the device once, so it needs them in memory, not as a stream")
	case f.Store != nil || f.RunDir != "" || len(f.Observers) > 0 || f.Seed != 0:
		return o, fmt.Errorf("sweep: Options.Fit has a Store, RunDir, Seed or Observers: a sweep makes its own for each trial; set Options.Dir, Options.Observers and Seeds(...) instead")
	case f.Steps < 0 || f.Epochs < 0 || (f.Steps > 0) == (f.Epochs > 0):
		return o, fmt.Errorf("sweep: Options.Fit has %d steps and %d epochs: set one of them", f.Steps, f.Epochs)
	case o.Workers < 0 || o.MemoryBytes < 0:
		return o, fmt.Errorf("sweep: Options has %d workers and %d bytes of memory; wanted neither below 0", o.Workers, o.MemoryBytes)
	case o.Share.Count > 1 && (o.Share.Index < 0 || o.Share.Index >= o.Share.Count):
		return o, fmt.Errorf("sweep: share %d of %d; wanted an index from 0 to %d", o.Share.Index, o.Share.Count, o.Share.Count-1)
	case o.Share.Count > 1 && (o.Adaptive != nil || o.Halving != nil):
		return o, fmt.Errorf("sweep: a share of a sweep cannot be adaptive or halved: these wait for the results of all trials")
	case o.Halving != nil && o.Dir == "":
		return o, fmt.Errorf("sweep: Halving needs Options.Dir, where settings wait for the others")
	}
	if f.Epochs > 0 {
		batch := f.BatchSize
		if batch <= 0 {
			batch = 32
		}
		batch = min(batch, max(1, data.Train.Len()))
		f.Steps, f.Epochs = f.Epochs*(data.Train.Len()/batch), 0
	}
	if f.LearningRate == 0 {
		f.LearningRate = 1e-3
	}
	orElse := func(value *int, other int) {
		if *value <= 0 {
			*value = max(1, other)
		}
	}
	orElse(&f.ValidateEvery, f.Steps/10)
	orElse(&f.SaveEvery, f.Steps)
	orElse(&f.RecordEvery, f.Steps/100)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	f.Log = slog.New(slog.DiscardHandler) // a header a trial would drown the rest
	if len(o.Settings) == 0 {
		o.Settings = []Setting{{}}
	}
	if o.Adaptive != nil {
		if err := o.Adaptive.check(); err != nil {
			return o, err
		}
	}
	if o.Halving != nil {
		if err := o.Halving.check(f); err != nil {
			return o, err
		}
	}
	return o, errors.Join(o.checkSettings(m), o.checkObjectives(m, data))
}

// checkSettings finds what could not be trained, before anything is.
func (o Options) checkSettings(m *mtl.Model) error {
	tasks := m.TaskNames()
	seen := map[string]bool{}
	for i, s := range o.Settings {
		for _, task := range slices.Sorted(maps.Keys(s.Weights)) {
			w := s.Weights[task]
			if !slices.Contains(tasks, task) {
				return fmt.Errorf("sweep: setting %d has a weight for %q, which is no task of the model: the tasks are %q", i, task, tasks)
			}
			if !(w >= 0) || math.IsInf(w, 0) {
				return fmt.Errorf("sweep: setting %d has the weight %v for task %q; wanted a finite number, 0 or more (both ends of LogRatio must be above 0)", i, w, task)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(s.Values)) {
			for _, v := range s.Values[path] {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("sweep: setting %d has the value %v for %q; wanted a finite number (both ends of a logarithmic range must be above 0; Sobol serves up to %d ranges)",
						i, v, path, MaxSobol)
				}
			}
			if path == study.LearningRate && (len(s.Values[path]) != 1 || !(s.Values[path][0] > 0)) {
				return fmt.Errorf("sweep: setting %d has the learning rate %v; wanted one number above 0", i, s.Values[path])
			}
		}
		if sum := sumOf(s.Weights); len(s.Weights) == len(tasks) && sum == 0 {
			return fmt.Errorf("sweep: setting %d has the weight 0 for every task; wanted one above 0", i)
		}
		if s.Method != "" && s.Weighting == nil {
			return fmt.Errorf("sweep: setting %d names the method %q without its Weighting: use Methods(...)", i, s.Method)
		}
		if s.Alone != "" {
			return fmt.Errorf("sweep: setting %d is of task %q alone: baselines are trained without being asked for", i, s.Alone)
		}
		if s.Seed < 0 {
			return fmt.Errorf("sweep: setting %d has the seed %d; wanted a number above 0", i, s.Seed)
		}
		name := s.withSeed().Name()
		if seen[name] {
			return fmt.Errorf("sweep: two settings are %q: leave one out", name)
		}
		seen[name] = true
	}
	return nil
}

func (o Options) checkObjectives(m *mtl.Model, data mtl.Data) error {
	for _, objective := range o.Objectives {
		if err := checkObjective(m, objective); err != nil {
			return err
		}
		if objective.Metric != "" && data.Validation == nil {
			return fmt.Errorf("sweep: the objective %s needs Data.Validation: training records hold losses only", objective)
		}
	}
	count := len(o.Objectives)
	if count == 0 {
		count = len(m.Tasks)
	}
	if o.Reference != nil && len(o.Reference) != count {
		return fmt.Errorf("sweep: Options.Reference has %d values; wanted one for each of the %d objectives", len(o.Reference), count)
	}
	if slices.ContainsFunc(o.Reference, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
		return fmt.Errorf("sweep: Options.Reference is %v; wanted finite numbers", o.Reference)
	}
	return nil
}

// checkObjective holds an objective against the task's metrics: one that there is not has no figures, one turned around takes the worst for the best.
func checkObjective(m *mtl.Model, o study.Objective) error {
	task, err := m.Task(o.Task)
	if err != nil {
		return fmt.Errorf("sweep: bad objective: %w", err)
	}
	higher := map[string]bool{"": false} // the loss
	for _, metric := range task.Metrics {
		higher[metric.Name()] = metric.HigherIsBetter()
	}
	if _, known := higher[o.Metric]; !known {
		return fmt.Errorf("sweep: bad objective: task %q has no metric %q; wanted one of %q, or none for the loss", o.Task, o.Metric, slices.Sorted(maps.Keys(higher))[1:])
	}
	if want := higher[o.Metric]; want != o.HigherIsBetter {
		return fmt.Errorf("sweep: bad objective: Objective.HigherIsBetter is %v for the %s of task %q, where it is %v", o.HigherIsBetter, o.Figure(), o.Task, want)
	}
	return nil
}

// withSeed is the setting with the seed 1 where it has none, and the name of its method where only the method itself was given.
func (s Setting) withSeed() study.Setting {
	if s.Seed == 0 {
		s.Seed = 1
	}
	if s.Weighting != nil && s.Method == "" {
		s.Method = methodName(s.Weighting)
	}
	return s.Setting
}
