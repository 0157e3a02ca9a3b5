package sweep_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

const (
	// childShare is the share of the child, as "0/2".
	childShare = "SWEEP_TEST_CHILD_SHARE"
	// tries is how often sweeps are run together, once unless it says more.
	tries = "SWEEP_TEST_TRIES"
)

// TestTogetherChild is a child process; it does nothing in an ordinary run of the tests.
func TestTogetherChild(t *testing.T) {
	share, child := os.LookupEnv(childShare)
	if !child {
		t.Skip("only as a child of another test")
	}
	o := many(t)
	o.Dir, o.Observers = os.Getenv(childDir), []study.Observer{printProgress{}}
	if share != "" {
		if _, err := fmt.Sscanf(share, "%d/%d", &o.Share.Index, &o.Share.Count); err != nil {
			t.Fatal(err)
		}
	}
	m, data := twoTasks()
	if _, err := sweep.Run(context.Background(), m, data, o); err != nil {
		fmt.Println("error", err)
	}
}

// many is a sweep that takes long enough for another to come in between.
func many(t *testing.T) sweep.Options {
	o := small(t)
	o.Settings = sweep.Product(o.Settings, sweep.Seeds(1, 2, 3))
	o.NoBaselines = false
	return o
}

// together runs children at once, a share each, and returns what they print.
func together(t *testing.T, dir string, shares ...string) []string {
	printed := make([]string, len(shares))
	var group sync.WaitGroup
	for i, share := range shares {
		later := time.Duration(rand.IntN(300)) * time.Millisecond
		group.Go(func() {
			time.Sleep(later)
			cmd := exec.Command(os.Args[0], "-test.run=^TestTogetherChild$", "-test.count=1")
			cmd.Env = append(os.Environ(), childDir+"="+dir, childShare+"="+share)
			out, err := cmd.CombinedOutput()
			if printed[i] = string(out); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	return printed
}

// undisturbed compares a study with one that no other came into, histories too.
func undisturbed(t *testing.T, dir string, want *study.Study) {
	t.Helper()
	got, err := study.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	sameTrials(t, got.Trials, want.Trials)
	sameTrials(t, got.Baselines, want.Baselines)
	records := func(trial *study.Trial) (text string) {
		for _, r := range trial.History.Records {
			text += fmt.Sprintln(r.Step, r.Split, r.Loss, r.Metric, r.Weight)
		}
		return text
	}
	for i, trial := range append(got.Trials, got.Baselines...) {
		if a, b := records(trial), records(append(want.Trials, want.Baselines...)[i]); a != b {
			t.Errorf("the history of %s is\n%s\nwanted\n%s", trial.Name(), a, b)
		}
	}
}

func count() int {
	n, err := strconv.Atoi(os.Getenv(tries))
	if err != nil {
		return 1
	}
	return n
}

// reference is the sweep by itself, loaded from its folder.
func reference(t *testing.T) *study.Study {
	o := many(t)
	o.Dir = t.TempDir()
	run(t, o)
	want, err := study.Load(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// Of two sweeps on one folder the second is refused, and the first never hears of it.
func TestTwoSweepsOnOneFolder(t *testing.T) {
	want := reference(t)
	refused := 0
	for range count() {
		dir := filepath.Join(t.TempDir(), "study")
		done := 0
		for _, text := range together(t, dir, "", "") {
			switch {
			case strings.Contains(text, "in use by process"):
				if !strings.Contains(text, "choose another Dir") || strings.Contains(text, "\ntrial") {
					t.Errorf("a sweep is refused with\n%s", text)
				}
				refused++
			case strings.Contains(text, "end\n") && !strings.Contains(text, "error"):
				done++
			default:
				t.Errorf("a sweep ended in\n%s", text)
			}
		}
		if done == 0 {
			t.Error("no sweep came to its end")
		}
		undisturbed(t, dir, want)
	}
	t.Logf("%d tries, %d refused", count(), refused)
	if refused == 0 {
		t.Error("none was refused: they were never at work at once")
	}
}

// A share that is started while it is at work elsewhere does what is left to do, or says whose the
// rest is; nothing is lost.
func TestSharesRequeued(t *testing.T) {
	want := reference(t)
	left := 0
	for range count() {
		dir := filepath.Join(t.TempDir(), "study")
		done := 0
		for _, text := range together(t, dir, "0/2", "1/2", "0/2", "0/3") {
			switch {
			case strings.Contains(text, "is in use by process"):
				if !strings.Contains(text, "run it again when those have ended") {
					t.Errorf("a share ends in\n%s", text)
				}
				left++
			case strings.Contains(text, "end\n") && !strings.Contains(text, "error"):
				done++
			default:
				t.Errorf("a share ended in\n%s", text)
			}
		}
		if done == 0 {
			t.Error("no share came to its end")
		}
		undisturbed(t, dir, want)
	}
	t.Logf("%d tries of 4 shares, %d with a trial left to another", count(), left)
}

// A whole sweep and shares of it keep each other out, and whoever is at work loses nothing by it.
func TestSweepAmongShares(t *testing.T) {
	want := reference(t)
	refused := 0
	for range count() {
		o := many(t)
		o.Dir = filepath.Join(t.TempDir(), "study")
		for _, text := range together(t, o.Dir, "0/2", "", "1/2") {
			switch {
			case strings.Contains(text, "choose another Dir"):
				refused++
			case !strings.Contains(text, "end\n") || strings.Contains(text, "error"):
				t.Errorf("a sweep ended in\n%s", text)
			}
		}
		run(t, o) // what was refused
		undisturbed(t, o.Dir, want)
	}
	t.Logf("%d tries of 2 shares and a sweep, %d refused", count(), refused)
	if refused == 0 {
		t.Error("none was refused: they were never at work at once")
	}
}
