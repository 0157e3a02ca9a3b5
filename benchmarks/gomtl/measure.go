package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// result has the fields that peers/clock.py prints, and how Fit ran the steps.
type result struct {
	Peer          string            `json:"peer"`
	Workload      string            `json:"workload"`
	Form          string            `json:"form"`
	StepsPerChunk int               `json:"steps_per_chunk"`
	Chunks        int               `json:"chunks"`
	Min           float64           `json:"ms_per_step_min"`
	Median        float64           `json:"ms_per_step_median"`
	FirstCall     float64           `json:"first_call_s"`
	PeakMemory    float64           `json:"peak_memory_mb"`
	Versions      map[string]string `json:"versions"`
}

// measure trains the workload by mtl.Fit as a user would and times it from outside, by the progress that an observer is told.
func measure(ctx context.Context, name string, chunks, stepsPerCall int) (*result, error) {
	w, found := workloads[name]
	if !found {
		return nil, fmt.Errorf("there is no workload %q: wanted w1, w2 or w3", name)
	}
	started := time.Now()
	b, err := backend.New(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clock := &clock{started: started, steps: w.chunk, chunks: chunks, done: cancel}
	store := model.NewStore()
	_, err = mtl.Fit(ctx, &mtl.Model{Arch: w, Tasks: w.tasks}, mtl.Data{Train: w.data(1)}, mtl.FitOptions{
		Backend:      b,
		Store:        store,
		Steps:        (chunks + 4) * max(w.chunk, 1024), // more than the clock lets it run
		BatchSize:    w.batch,
		Optimizer:    optimizer.Adam().LearningRate(1e-3).Done(),
		StepsPerCall: stepsPerCall,
		Observers:    []mtl.Observer{clock},
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	if len(clock.times) < chunks {
		return nil, fmt.Errorf("the run ended after %d of %d chunks", len(clock.times), chunks)
	}
	if err := w.check(store); err != nil {
		return nil, err
	}
	peak, err := peakMemory()
	if err != nil {
		return nil, err
	}
	slices.Sort(clock.times)
	return &result{
		Peer: "gomtl", Workload: name, Form: clock.execution, StepsPerChunk: w.chunk, Chunks: chunks,
		Min: clock.times[0], Median: (clock.times[(chunks-1)/2] + clock.times[chunks/2]) / 2, FirstCall: clock.first, PeakMemory: peak,
		Versions: map[string]string{"go": runtime.Version(), "gomlx": moduleVersion("github.com/gomlx/gomlx"), "backend": backend.Describe(b)},
	}, nil
}

// clock is an mtl.Observer that cuts a run into chunks of at least steps steps and stops it after enough of them. The first chunk warms up.
type clock struct {
	started       time.Time
	steps, chunks int
	done          func()
	execution     string
	first         float64 // seconds from the start of the program's work to the end of the first call
	chunkStep     int
	chunkStart    time.Time
	warm          bool
	times         []float64 // milliseconds a step, by chunk
}

// Begin implements mtl.Observer.
func (c *clock) Begin(run history.Run) { c.execution = run.Execution }

// Record implements mtl.Observer.
func (c *clock) Record(history.Record) {}

// Progress implements mtl.Observer.
func (c *clock) Progress(step, _ int, _ float64) {
	now := time.Now()
	switch {
	case c.first == 0:
		c.first = now.Sub(c.started).Seconds()
	case step-c.chunkStep < c.steps || len(c.times) == c.chunks:
		return
	case c.warm:
		c.times = append(c.times, now.Sub(c.chunkStart).Seconds()*1e3/float64(step-c.chunkStep))
		if len(c.times) == c.chunks {
			c.done()
		}
	default:
		c.warm = true
	}
	c.chunkStep, c.chunkStart = step, now
}

// End implements mtl.Observer.
func (c *clock) End(error) {}

// peakMemory is the most memory this process had resident, in MiB.
func peakMemory() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, os.NewSyscallError("getrusage", err)
	}
	return float64(usage.Maxrss) / 1024, nil
}

func moduleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == path {
				return module.Version
			}
		}
	}
	return "unknown"
}
