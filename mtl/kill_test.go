package mtl

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/history"
)

// The tests of this file run Fit in a process of its own, this test binary again, with these in its environment.
const (
	childDir     = "MTL_TEST_CHILD_DIR"     // the run folder
	childBackend = "MTL_TEST_CHILD_BACKEND" // "go" or "xla"
	childBytes   = "MTL_TEST_CHILD_BYTES"   // a bound on the size of each file
	childSeed    = "MTL_TEST_CHILD_SEED"    // the run's seed
	childSteps   = 120
)

// printSteps tells the parent how far the run is.
type printSteps struct{ stopAfter }

func (printSteps) Progress(step, _ int, _ float64) { fmt.Println("step", step) }

func childOptions(b compute.Backend) (*Model, Data, FitOptions) {
	m, train := tinyProblem(128)
	m.Arch = droppedDense(8)
	_, validation := tinyProblem(32)
	return m, Data{Train: train, Validation: validation}, FitOptions{
		Backend: b, Store: model.NewStore(), Steps: childSteps, BatchSize: 16, ValidateEvery: 24, SaveEvery: 6, RecordEvery: 4, StepsPerCall: 5, Log: quiet,
	}
}

// TestChild is the child process; it does nothing in an ordinary run of the tests.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("only as a child of other tests")
	}
	b := backendtest.Go(t)
	if os.Getenv(childBackend) == "xla" {
		b = backendtest.XLA(t)
	}
	if bytes, err := strconv.ParseUint(os.Getenv(childBytes), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes}); err != nil {
			t.Fatal(err)
		}
	}
	m, data, options := childOptions(b)
	options.RunDir, options.Observers = dir, []Observer{printSteps{}}
	options.Seed, _ = strconv.ParseInt(os.Getenv(childSeed), 10, 64) // 0, its default, where there is none
	if _, err := Fit(context.Background(), m, data, options); err != nil {
		fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
	}
}

// child starts the child process; line is called with what it prints and may kill it.
func child(t *testing.T, line func(text string, kill func()), environment ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		line(scanner.Text(), func() { _ = cmd.Process.Kill() })
	}
	_ = cmd.Wait() // a killed child has an error
}

func TestKilledTenTimesEndsBitwiseEqual(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data, options := childOptions(b)
		want, err := Fit(context.Background(), m, data, options)
		if err != nil {
			t.Fatal(err)
		}
		dir, rng := t.TempDir(), rand.New(rand.NewPCG(3, 4))
		environment := []string{childDir + "=" + dir, childBackend + "=" + b.Name()}
		for kills := 1; kills <= 10; kills++ {
			// Each child is killed a few steps after it began, wherever that is.
			begun, target := -1, 1+rng.IntN(childSteps/10)
			child(t, func(text string, kill func()) {
				var step int
				if n, _ := fmt.Sscanf(text, "step %d", &step); n == 1 {
					if begun < 0 {
						begun = step
					}
					if step >= begun+target {
						kill()
					}
				} else if strings.HasPrefix(text, "error") {
					t.Error(text)
				}
			}, environment...)
		}
		child(t, func(text string, _ func()) {
			if strings.HasPrefix(text, "error") {
				t.Error(text)
			}
		}, environment...)
		store := model.NewStore()
		if err := LoadCheckpoint(store, dir, "last"); err != nil {
			t.Fatal(err)
		}
		got, err := history.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		sameRecords(t, got.Records, want.Records)
		sameValues(t, values(t, store), values(t, options.Store))
	})
}

func TestFullDiskKeepsTheLastCheckpoint(t *testing.T) {
	dir := t.TempDir()
	message := ""
	environment := []string{childDir + "=" + dir, childBackend + "=go"}
	// The first records and checkpoints fit; a later write of the history does not.
	child(t, func(text string, _ func()) {
		if after, found := strings.CutPrefix(text, "error"); found {
			message = after
		}
	}, append(environment, childBytes+"=10000")...)
	if !strings.Contains(message, "file too large") {
		t.Fatalf("the run ended with %q", message)
	}
	if err := LoadCheckpoint(model.NewStore(), dir, "last"); err != nil {
		t.Fatal(err)
	}
	child(t, func(text string, _ func()) {
		if strings.HasPrefix(text, "error") {
			t.Error(text)
		}
	}, environment...)
	h, err := history.Load(dir)
	if err != nil || h.Last(history.Train).Step != childSteps {
		t.Fatal(err)
	}
}

// GoMLX's checkpoint package drops the error of a short write; the size check must not.
func TestFullDiskWhileSavingVariables(t *testing.T) {
	dir := t.TempDir()
	message := ""
	child(t, func(text string, _ func()) {
		if after, found := strings.CutPrefix(text, "error"); found {
			message = after
		}
	}, childDir+"="+dir, childBackend+"=go", childBytes+"=4000")
	if !strings.Contains(message, "checkpoint of step 6 not saved") {
		t.Fatalf("the run ended with %q", message)
	}
}
