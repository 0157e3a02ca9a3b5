package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
)

// result has the fields that peers/clock.py prints, and how Fit ran the steps.
type result struct {
	Peer          string            `json:"peer"`
	Workload      string            `json:"workload"`
	Method        string            `json:"method"`
	Tasks         int               `json:"tasks"`
	Batch         int               `json:"batch"`
	Form          string            `json:"form"`
	StepsPerChunk int               `json:"steps_per_chunk"`
	Chunks        int               `json:"chunks"`
	Min           float64           `json:"ms_per_step_min"`
	Median        float64           `json:"ms_per_step_median"`
	CPU           float64           `json:"cpu_ms_per_step_median"` // of all threads: says something on a busy machine too
	FirstCall     float64           `json:"first_call_s"`
	PeakMemory    float64           `json:"peak_memory_mb"`
	Versions      map[string]string `json:"versions"`
}

// measure trains the workload by mtl.Fit as a user would and times it from outside, by the progress that an observer is told.
func measure(ctx context.Context, name, method string, tasks, batch, chunks, stepsPerCall int) (*result, error) {
	w, found := workloads[name]
	if !found {
		return nil, fmt.Errorf("there is no workload %q: wanted w1, w2 or w3", name)
	}
	weighting, found := methods[method]
	if !found {
		return nil, fmt.Errorf("there is no method %q: wanted one of %q", method, slices.Sorted(maps.Keys(methods)))
	}
	if tasks > 0 {
		w = w.withTasks(tasks)
	}
	if batch > 0 {
		w.batch = batch
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
	_, err = mtl.Fit(ctx, &mtl.Model{Arch: arch.HardSharing{Trunk: w.trunk}, Tasks: w.tasks}, mtl.Data{Train: w.data(1)}, mtl.FitOptions{
		Backend:      b,
		Store:        store,
		Steps:        (chunks + 4) * max(w.chunk, 1024), // more than the clock lets it run
		BatchSize:    w.batch,
		Optimizer:    optimizer.Adam().LearningRate(1e-3).Done(),
		StepsPerCall: stepsPerCall,
		Weighting:    weighting,
		Observers:    []mtl.Observer{clock},
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	if clock.err != nil {
		return nil, clock.err
	}
	if len(clock.times) < chunks {
		return nil, fmt.Errorf("the run ended after %d of %d chunks", len(clock.times), chunks)
	}
	if err := w.check(store); err != nil {
		return nil, err
	}
	usage, err := processUsage()
	if err != nil {
		return nil, err
	}
	slices.Sort(clock.times)
	slices.Sort(clock.cpu)
	return &result{
		Peer: "gomtl", Workload: name, Method: method, Tasks: len(w.tasks), Batch: w.batch, Form: clock.execution, StepsPerChunk: w.chunk, Chunks: chunks,
		Min: clock.times[0], Median: medianOfSorted(clock.times), CPU: medianOfSorted(clock.cpu),
		FirstCall: clock.first, PeakMemory: usage.peakMemory,
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
	chunkUsage    usage
	warm          bool
	times, cpu    []float64 // milliseconds a step, by chunk
	err           error
}

// Begin implements mtl.Observer.
func (c *clock) Begin(run history.Run) { c.execution = run.Execution }

// Record implements mtl.Observer.
func (c *clock) Record(history.Record) {}

// Progress implements mtl.Observer.
func (c *clock) Progress(step, _ int, _ float64) {
	now := time.Now()
	if c.first == 0 {
		c.first = now.Sub(c.started).Seconds()
	} else if step-c.chunkStep < c.steps || len(c.times) == c.chunks {
		return
	}
	used, err := processUsage()
	if err != nil {
		c.err = err
		c.done()
		return
	}
	if c.warm {
		steps := float64(step - c.chunkStep)
		c.times = append(c.times, now.Sub(c.chunkStart).Seconds()*1e3/steps)
		c.cpu = append(c.cpu, (used.cpu-c.chunkUsage.cpu).Seconds()*1e3/steps)
		if len(c.times) == c.chunks {
			c.done()
		}
	}
	c.warm = c.chunkStep > 0
	c.chunkStep, c.chunkStart, c.chunkUsage = step, now, used
}

// End implements mtl.Observer.
func (c *clock) End(error) {}

// usage is what the process has used so far.
type usage struct {
	cpu        time.Duration // user and system time of all threads
	peakMemory float64       // MiB resident
}

func processUsage() (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, os.NewSyscallError("getrusage", err)
	}
	return usage{time.Duration(r.Utime.Nano() + r.Stime.Nano()), float64(r.Maxrss) / 1024}, nil
}

func medianOfSorted(values []float64) float64 {
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
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
