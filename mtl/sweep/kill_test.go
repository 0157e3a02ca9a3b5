package sweep_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// The sweep that is killed runs in a process of its own, this test binary again, with these in its environment.
const (
	childDir     = "SWEEP_TEST_CHILD_DIR"
	childBackend = "SWEEP_TEST_CHILD_BACKEND" // "go" or "xla"
)

// thirty is a sweep of 30 settings with everything that a kill could disturb: rungs, added rounds, a setting that fails.
func thirty(b compute.Backend) sweep.Options {
	o := sweep.Options{
		Fit: fit(b, 60),
		Settings: sweep.Product(
			append(sweep.LogRatio("sign", 1e-2, 1e2, 5), sweep.List(map[string]float64{"sum": 1e38, "sign": 1e38})...), // overflows
			sweep.Values(study.LearningRate, 1e-3, 1e-2), sweep.Seeds(1, 2),
		),
		Halving:     &sweep.Halving{},
		Adaptive:    &sweep.Adaptive{Settings: 15, Round: 2},
		NoBaselines: b.Name() == "xla", // each start of a child would compile them
		Log:         quiet,
	}
	o.Fit.ValidateEvery, o.Fit.SaveEvery, o.Fit.StepsPerCall = 5, 5, 5
	return o
}

type printProgress struct{}

func (printProgress) Begin(*study.Study)              {}
func (printProgress) Update(t *study.Trial)           { fmt.Println("trial", t.Name(), t.State) }
func (printProgress) Progress(_, _ int, _, _ float64) {}
func (printProgress) End(*study.Study, error)         { fmt.Println("end") }

// TestChild is the child process; it does nothing in an ordinary run of the tests.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("only as a child of another test")
	}
	b := backendtest.Go(t)
	if os.Getenv(childBackend) == "xla" {
		b = backendtest.XLA(t)
	}
	o := thirty(b)
	o.Dir, o.Observers = dir, []study.Observer{printProgress{}}
	m, data := twoTasks()
	if _, err := sweep.Run(context.Background(), m, data, o); err != nil {
		fmt.Println("error", err)
	}
}

func TestKilledFiveTimesEndsTheSame(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		o := thirty(b)
		o.Dir = t.TempDir()
		want := run(t, o)
		if len(want.Trials) < 30 || want.Compilations != 1 {
			t.Fatalf("%d trials, %d compilations; wanted 30 or more and 1", len(want.Trials), want.Compilations)
		}
		states := map[study.State]int{}
		for _, trial := range want.Trials {
			states[trial.State]++
		}
		if states[study.Done] == 0 || states[study.Dropped] == 0 || states[study.Failed] < 2 {
			t.Errorf("trials ended as %v; wanted some done, some dropped, some failed", states)
		}
		dir, rng := t.TempDir(), rand.New(rand.NewPCG(5, 6))
		for kill := range 6 {
			cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")
			cmd.Env = append(os.Environ(), childDir+"="+dir, childBackend+"="+b.Name())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			left, ended := 2+rng.IntN(8), false
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "error") {
					t.Error(lines.Text())
				}
				ended = ended || lines.Text() == "end"
				if left--; left == 0 && kill < 5 {
					time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
					_ = cmd.Process.Kill()
				}
			}
			_ = cmd.Wait() // a killed child has an error
			if ended != (kill == 5) {
				t.Errorf("child %d ended: %v", kill, ended)
			}
		}
		got, err := study.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		sameTrials(t, got.Trials, want.Trials)
		sameTrials(t, got.Baselines, want.Baselines)
		// The table has no times, but the folder's name in errors.
		if a, b := strings.ReplaceAll(got.String(), dir, o.Dir), want.String(); a != b {
			t.Errorf("the table is\n%s\nwanted\n%s", a, b)
		}
	})
}
