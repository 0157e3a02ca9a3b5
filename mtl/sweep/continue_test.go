package sweep_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// stopAfter cancels once so many trials are done.
type stopAfter struct {
	left   int
	cancel context.CancelFunc
}

func (*stopAfter) Begin(*study.Study)              {}
func (*stopAfter) Progress(_, _ int, _, _ float64) {}
func (*stopAfter) End(*study.Study, error)         {}
func (s *stopAfter) Update(t *study.Trial) {
	if t.State == study.Done {
		if s.left--; s.left == 0 {
			s.cancel()
		}
	}
}

func TestInterruptedAndContinued(t *testing.T) {
	b := backendtest.Go(t)
	o := sweep.Options{Fit: fit(b, 40), Dir: t.TempDir(), Settings: sweep.LogRatio("sign", 0.1, 10, 4), Log: quiet}
	m, data := twoTasks()
	ctx, cancel := context.WithCancel(context.Background())
	o.Observers = []study.Observer{&stopAfter{left: 3, cancel: cancel}}
	s, err := sweep.Run(ctx, m, data, o)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run the same call again") {
		t.Fatalf("the error is %v", err)
	}
	done := 0
	for _, trial := range append(s.Baselines, s.Trials...) {
		if trial.State == study.Done {
			done++
		}
	}
	if done != 3 {
		t.Errorf("%d trials are done; wanted 3", done)
	}
	o.Observers = nil
	got := run(t, o)
	fresh := o
	fresh.Dir = t.TempDir()
	want := run(t, fresh)
	sameTrials(t, got.Trials, want.Trials)

	o.Fit.Steps = 50
	if _, err := sweep.Run(context.Background(), m, data, o); err == nil || !strings.Contains(err.Error(), "holds another study: its") {
		t.Errorf("another sweep in the same folder: %v", err)
	}
	o.Dir = t.TempDir()
	o.Fit.Steps, o.Baselines = 40, want.Baselines
	taken := run(t, o)
	sameTrials(t, taken.Baselines, want.Baselines)
	if taken.BaselineCompilations != 0 {
		t.Errorf("%d compilations for baselines that were given", taken.BaselineCompilations)
	}
}

// stopAtRung cancels once so many trials wait at a rung.
type stopAtRung struct {
	stopAfter
	waiting int
}

func (s *stopAtRung) Update(t *study.Trial) {
	if t.State == study.Paused {
		if s.waiting--; s.waiting == 0 {
			s.cancel()
		}
	}
}

// A trial whose run is in the folder, but not its end, as of a process that was killed between the two, is ended by the next call.
func TestRunWithoutItsEnd(t *testing.T) {
	b := backendtest.Go(t)
	o := sweep.Options{
		Fit: fit(b, 40), NoBaselines: true, Halving: &sweep.Halving{}, Log: quiet, Workers: 1,
		Settings: sweep.Product(sweep.LogRatio("sign", 0.1, 10, 3), sweep.Values(study.LearningRate, 1e-6, 1e-2)),
	}
	o.Dir = t.TempDir()
	want := run(t, o)

	o.Dir = t.TempDir()
	m, data := twoTasks()
	ctx, cancel := context.WithCancel(t.Context())
	o.Observers = []study.Observer{&stopAtRung{stopAfter{cancel: cancel}, 6}}
	if _, err := sweep.Run(ctx, m, data, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	o.Observers = nil
	for _, i := range []int{0, 1} { // one that the rung drops, one that it keeps
		if err := os.Remove(filepath.Join(want.Trials[i].Dir(o.Dir), study.TrialFile)); err != nil {
			t.Fatal(err)
		}
	}
	sameTrials(t, run(t, o).Trials, want.Trials)

	at := slices.IndexFunc(want.Trials, func(t *study.Trial) bool { return t.State == study.Done })
	file := filepath.Join(want.Trials[at].Dir(o.Dir), study.TrialFile)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	sameTrials(t, run(t, o).Trials, want.Trials)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// Infinite figures, as of a validation that overflows, are what they are after a resume too, and
// the setting with finite ones is the one that is chosen.
func TestInfiniteFiguresSurvive(t *testing.T) {
	b := backendtest.Go(t)
	m, data := twoTasks()
	m.Tasks[0].Metrics = nil // the loss is the objective
	labels := make([]float32, 64)
	labels[5] = 1e30 // its square is no float32
	data.Validation.Labels["sum"] = tensors.FromValue(labels)
	o := sweep.Options{Fit: fit(b, 10), Dir: t.TempDir(), NoBaselines: true, Settings: sweep.LogRatio("sign", 1, 4, 2), Log: quiet}
	first, err := sweep.Run(t.Context(), m, data, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sweep.Run(t.Context(), m, data, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*study.Study{first, again} {
		for _, trial := range s.Trials {
			if !math.IsInf(trial.Loss["sum"], 1) || math.IsInf(trial.Loss["sign"], 0) || !math.IsInf(trial.History.Last("validation").Loss["sum"], 1) {
				t.Errorf("%s has the losses %v", trial.Name(), trial.Loss)
			}
		}
		if s.Choose() != nil || s.String() != first.String() {
			t.Errorf("the table is\n%s", s)
		}
	}
}
