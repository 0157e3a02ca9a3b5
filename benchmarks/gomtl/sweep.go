package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// sweepResult has the fields that peers/sweep.py prints.
type sweepResult struct {
	Peer             string            `json:"peer"`
	Form             string            `json:"form"`
	Workload         string            `json:"workload"`
	Steps            int               `json:"steps"`
	Settings         [][2]float64      `json:"settings"` // weights of the two tasks
	Losses           [][2]float64      `json:"losses"`   // of each setting, the mean of its last 50 steps
	AfterCompilation float64           `json:"after_compilation_s"`
	Compilations     int               `json:"compilations"`
	Workers          int               `json:"workers"`
	Versions         map[string]string `json:"versions"`
}

// measureSweep trains the workload under task weights w : 1-w, w evenly from 0 to 1, as a user would. dir "" writes no run folders.
func measureSweep(ctx context.Context, name string, settings, steps int, dir string) (*sweepResult, error) {
	w, found := workloads[name]
	if !found || len(w.tasks) != 2 {
		return nil, fmt.Errorf("there is no workload %q with two tasks: wanted w1 or w3", name)
	}
	b, err := backend.New(ctx)
	if err != nil {
		return nil, err
	}
	r := &sweepResult{
		Peer: "gomtl", Form: "sweep", Workload: name, Steps: steps,
		Versions: map[string]string{"go": runtime.Version(), "backend": backend.Describe(b)},
	}
	var weights []map[string]float64
	for i := range settings {
		share := float64(i) / float64(max(1, settings-1))
		r.Settings = append(r.Settings, [2]float64{share, 1 - share})
		weights = append(weights, map[string]float64{w.tasks[0].Name: share, w.tasks[1].Name: 1 - share})
	}
	clock := &firstStep{}
	s, err := sweep.Run(ctx, &mtl.Model{Arch: arch.HardSharing{Trunk: w.trunk}, Tasks: w.tasks}, mtl.Data{Train: w.data(1)}, sweep.Options{
		Fit:         mtl.FitOptions{Backend: b, Steps: steps, BatchSize: w.batch, LearningRate: 1e-3, RecordEvery: 50},
		Settings:    sweep.List(weights...),
		Dir:         dir,
		NoBaselines: true,
		Observers:   []study.Observer{clock},
	})
	if err != nil {
		return nil, err
	}
	r.AfterCompilation, r.Compilations, r.Workers = time.Since(clock.at).Seconds(), s.Compilations, s.Workers
	for _, t := range s.Trials {
		if t.State != study.Done {
			return nil, fmt.Errorf("%s: %s: %s", t.Name(), t.State, t.Error)
		}
		last := t.History.Last(history.Train)
		r.Losses = append(r.Losses, [2]float64{last.Loss[w.tasks[0].Name], last.Loss[w.tasks[1].Name]})
	}
	return r, nil
}

// firstStep notes when training began.
type firstStep struct{ at time.Time }

func (*firstStep) Begin(*study.Study)      {}
func (*firstStep) Update(*study.Trial)     {}
func (*firstStep) End(*study.Study, error) {}

// Progress implements study.Observer.
func (f *firstStep) Progress(done, _ int, _, _ float64) {
	if f.at.IsZero() && done > 0 {
		f.at = time.Now()
	}
}
