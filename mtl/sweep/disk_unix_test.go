//go:build unix

package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// childFull makes the child a sweep whose disk is full: no file of the process may become longer
// than so many bytes.
const childFull = "SWEEP_TEST_CHILD_FULL"

// fullDisk limits the size of files once the sweep is planned.
type fullDisk struct {
	printProgress
	bytes uint64
}

func (f fullDisk) Begin(*study.Study) {
	signal.Ignore(syscall.SIGXFSZ) // so that writing fails, and does not end the process
	limit := &syscall.Rlimit{Cur: f.bytes, Max: f.bytes}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, limit); err != nil {
		panic(err)
	}
}

// TestFullChild is the child process; it does nothing in an ordinary run of the tests.
func TestFullChild(t *testing.T) {
	var limit fullDisk
	if _, err := fmt.Sscan(os.Getenv(childFull), &limit.bytes); err != nil {
		t.Skip("only as a child of another test")
	}
	o := small(t)
	o.Dir, o.Observers = os.Getenv(childDir), []study.Observer{limit}
	m, data := twoTasks()
	if _, err := sweep.Run(context.Background(), m, data, o); err != nil {
		fmt.Println("error", err)
	}
}

// small is a sweep of a few trials, one of which diverges.
func small(t *testing.T) sweep.Options {
	o := sweep.Options{
		Fit: fit(backendtest.Go(t), 20), NoBaselines: true, Log: quiet,
		Settings: append(
			sweep.LogRatio("sign", 0.5, 2, 3),
			sweep.List(map[string]float64{"sum": 1e38, "sign": 1e38})...),
	}
	o.Fit.SaveEvery, o.Fit.RecordEvery = 4, 1
	return o
}

// A full disk ends the sweep, whatever could no longer be written; no trial is recorded as failed
// by it, and with room again the same call finds what an
// undisturbed sweep finds.
func TestFullDisk(t *testing.T) {
	o := small(t)
	o.Dir = t.TempDir()
	want := run(t, o)
	for _, limit := range []int{0, 300, 1000, 2500, 5000} {
		o.Dir = t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullChild$", "-test.count=1")
		cmd.Env = append(os.Environ(), childDir+"="+o.Dir, fmt.Sprintf("%s=%d", childFull, limit))
		out, _ := cmd.CombinedOutput() // it cannot write its log either
		if text := string(out); !strings.Contains(text, "error sweep: ended early") ||
			!strings.Contains(text, "file too large") ||
			!strings.Contains(text, "run the same call again") {
			t.Errorf("with %d bytes a file, the sweep ends in\n%s", limit, text)
		}
		interim, err := study.Load(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range interim.Trials {
			if trial.State == study.Failed && trial.Weights["sum"] != 1e38 {
				t.Errorf(
					"with %d bytes a file, %s is recorded as failed: %s",
					limit,
					trial.Name(),
					trial.Error,
				)
			}
		}
		got := run(t, o)
		sameTrials(t, got.Trials, want.Trials)
	}
}

// What cannot be written for another reason ends the sweep too.
func TestFileWhereAFolderMustBe(t *testing.T) {
	o := small(t)
	o.Dir = t.TempDir()
	want := run(t, o)
	o.Dir = filepath.Join(t.TempDir(), "study")
	in := want.Trials[1].Dir(o.Dir)
	if err := os.MkdirAll(filepath.Dir(in), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	m, data := twoTasks()
	_, err := sweep.Run(t.Context(), m, data, o)
	if path := new(fs.PathError); !errors.As(err, &path) ||
		!strings.Contains(err.Error(), "trial "+want.Trials[1].Name()) {
		t.Fatalf("the error is %v", err)
	}
	if err := os.Remove(in); err != nil {
		t.Fatal(err)
	}
	sameTrials(t, run(t, o).Trials, want.Trials)
}

// A trial that failed before its first step is tried again: what kept it may be mended.
func TestFailedBeforeItsRun(t *testing.T) {
	o := small(t)
	o.Dir = t.TempDir()
	failed := &study.Trial{
		Setting: study.Setting{Weights: map[string]float64{"sign": 1}, Seed: 1},
		State:   study.Failed,
		Error:   "no memory",
	}
	if err := failed.Save(o.Dir); err != nil {
		t.Fatal(err)
	}
	m, data := twoTasks()
	planned, err := sweep.Plan(m, data, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := planned.Save(o.Dir); err != nil {
		t.Fatal(err)
	}
	if got := run(t, o).Trials[1]; got.Name() != failed.Name() || got.State != study.Done ||
		got.Error != "" {
		t.Errorf("%s is %s: %s", got.Name(), got.State, got.Error)
	}
}

// A deadline is an interrupt, not a failure of trials.
func TestDeadline(t *testing.T) {
	o := small(t)
	o.Dir = t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	m, data := twoTasks()
	if _, err := sweep.Run(ctx, m, data, o); !errors.Is(err, context.DeadlineExceeded) ||
		!strings.Contains(err.Error(), "interrupted; saved in") {
		t.Errorf("the error is %v", err)
	}
	for _, trial := range run(t, o).Trials {
		if trial.State == study.Failed && trial.Weights["sum"] != 1e38 {
			t.Errorf("%s: %s", trial.Name(), trial.Error)
		}
	}
}
