package main

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// sweepResult has the fields that peers/sweep prints.
type sweepResult struct {
	Peer         string               `json:"peer"`
	Workload     string               `json:"workload"`
	Form         string               `json:"form"`
	Settings     int                  `json:"settings"`
	Steps        int                  `json:"steps"`
	Losses       []map[string]float64 `json:"losses"`          // of each setting, the mean of its last 50 steps
	Wall         float64              `json:"wall_s"`          // since the program began
	CPU          float64              `json:"cpu_s"`           // of all threads
	AfterCompile float64              `json:"after_compile_s"` // from the first step of the first setting on
	Compilations int                  `json:"compilations"`
	Workers      int                  `json:"workers"`
	PeakMemory   float64              `json:"peak_memory_mb"`
	Versions     map[string]string    `json:"versions"`
}

// measureSweep trains the workload under task weights from 1/32 to 32 of the second task, as a user would; dir "" writes no run folders.
func measureSweep(ctx context.Context, name string, settings, steps int, dir string) (*sweepResult, error) {
	started := time.Now()
	w, found := workloads[name]
	if !found {
		return nil, fmt.Errorf("there is no workload %q: wanted w1, w2 or w3", name)
	}
	b, err := backend.New(ctx)
	if err != nil {
		return nil, err
	}
	compiled := &firstStep{}
	s, err := sweep.Run(ctx, &mtl.Model{Arch: arch.HardSharing{Trunk: w.trunk}, Tasks: w.tasks}, mtl.Data{Train: w.data(1)}, sweep.Options{
		Fit:         mtl.FitOptions{Backend: b, Steps: steps, BatchSize: w.batch, LearningRate: 1e-3, RecordEvery: 50},
		Settings:    sweep.LogRatio(w.tasks[1].Name, 1./32, 32, settings),
		Dir:         dir,
		NoBaselines: true,
		Observers:   []study.Observer{compiled},
	})
	if err != nil {
		return nil, err
	}
	r := &sweepResult{
		Peer: "gomtl", Workload: name, Form: "sweep", Settings: settings, Steps: steps, Wall: time.Since(started).Seconds(),
		AfterCompile: time.Since(compiled.at).Seconds(), Compilations: s.Compilations, Workers: s.Workers,
		Versions: map[string]string{"go": runtime.Version(), "backend": backend.Describe(b)},
	}
	for _, t := range s.Trials {
		if t.State != study.Done {
			return nil, fmt.Errorf("%s: %s: %s", t.Name(), t.State, t.Error)
		}
		r.Losses = append(r.Losses, t.History.Last(history.Train).Loss)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return nil, err
	}
	r.CPU = seconds(used.Utime) + seconds(used.Stime)
	r.PeakMemory = float64(used.Maxrss) / 1024
	return r, nil
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

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
