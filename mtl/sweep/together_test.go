package sweep_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

const (
	// childShare is the share of the child, as "0/2".
	childShare = "SWEEP_TEST_CHILD_SHARE"
	// tries is how often sweeps are run together, 2 unless it says more.
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
		return 2
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
			case strings.Contains(text, "in use by process") && strings.Contains(text, "choose another Dir") && strings.Count(text, "error") == 1 && !strings.Contains(text, "\ntrial"):
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

// A share that is started while it is at work elsewhere does what is left to do, or says whose the rest is; nothing is lost.
func TestSharesRequeued(t *testing.T) {
	want := reference(t)
	left := 0
	for range count() {
		dir := filepath.Join(t.TempDir(), "study")
		done := 0
		for _, text := range together(t, dir, "0/2", "1/2", "0/2", "0/3") {
			switch {
			case strings.Contains(text, "is in use by process") && strings.Contains(text, "run it again when those have ended"):
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

// digest is what a folder holds: every name, and of every file its content.
func digest(t *testing.T, dir string) string {
	t.Helper()
	hash := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%q %v ", path, entry.Type())
		if entry.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(hash, "%x\n", sha256.Sum256(data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// A call that is refused changes nothing in the folder.
func TestRefusedCallsChangeNothing(t *testing.T) {
	ours := t.TempDir()
	o := small(t)
	o.Dir = ours
	run(t, o)
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "run.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.CopyFS(damaged, os.DirFS(ours)); err != nil {
		t.Fatal(err)
	}
	plan := filepath.Join(damaged, study.File)
	data, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plan, []byte(strings.Replace(string(data), `"steps": 20`, `"steps": 30`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	unlocked := t.TempDir() // as a copy without hidden files
	if err := os.CopyFS(unlocked, os.DirFS(ours)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(unlocked, ".locks")); err != nil {
		t.Fatal(err)
	}
	baselines := many(t)
	baselines.Dir = t.TempDir()
	alone := run(t, baselines).Baselines
	type options = sweep.Options
	for name, c := range map[string]struct {
		dir, want string
		change    func(*options, *mtl.Model, *mtl.Data)
	}{
		"architecture": {
			ours, "its architecture: HardSharing{Trunk:Dense{Widths:[8] Dropout:0.1 L2:0.0001}}; asked for: HardSharing{Trunk:Dense{Widths:[64 64]}}; choose another Dir",
			func(_ *options, m *mtl.Model, _ *mtl.Data) {
				m.Arch = arch.HardSharing{Trunk: arch.Dense{Widths: []int{64, 64}}}
			},
		},
		"head": {ours, `its task "sum": regression, head DenseHead{Outputs:1`, func(_ *options, m *mtl.Model, _ *mtl.Data) {
			m.Tasks[0].Head = mtl.DenseHead{Outputs: 1, Scalar: true, Hidden: []int{4}}
		}},
		"loss":            {ours, `its task "sum": regression`, func(_ *options, m *mtl.Model, _ *mtl.Data) { m.Tasks[0].Loss = mtl.AbsoluteError }},
		"metrics":         {ours, `its task "sign": class`, func(_ *options, m *mtl.Model, _ *mtl.Data) { m.Tasks[1].Metrics = m.Tasks[1].Metrics[:1] }},
		"order of tasks":  {ours, "its tasks: sum, sign; asked for: sign, sum", func(_ *options, m *mtl.Model, _ *mtl.Data) { slices.Reverse(m.Tasks) }},
		"training data":   {ours, "its training data: 160 examples, SHA-256", func(_ *options, _ *mtl.Model, d *mtl.Data) { d.Train.Labels["sign"] = d.Train.Labels["sum"] }},
		"validation data": {ours, "its validation data: 64 examples", func(_ *options, _ *mtl.Model, d *mtl.Data) { d.Validation = d.Train }},
		"accumulate":      {ours, "its batch size: 16; asked for: 16 in 2 parts", func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Accumulate = 2 }},
		"optimiser": {ours, "its optimiser: adam, learning rate 0.01; asked for: SGDConfig{", func(o *options, _ *mtl.Model, _ *mtl.Data) {
			o.Fit.Optimizer = optimizer.StochasticGradientDescent().Done()
		}},
		"schedule": {ours, "its schedule: none; asked for: Cosine", func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Schedule = mtl.Cosine{} }},
		"steps":    {ours, "its steps: 20; asked for: 21", func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Steps = 21 }},
		"patience": {ours, "its validation: every 2 steps, patience 0", func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Patience = 3 }},
		"given baselines": {ours, "holds another study", func(o *options, _ *mtl.Model, _ *mtl.Data) {
			o.Fit.Steps, o.NoBaselines, o.Baselines = 21, false, alone
		}},
		"rate, no locks": {unlocked, "asked for: adam, learning rate 1;", func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.LearningRate = 1 }},
		"a share": {ours, "its batch size: 16; asked for: 7", func(o *options, _ *mtl.Model, _ *mtl.Data) {
			o.Fit.BatchSize, o.Share = 7, sweep.Share{Index: 1, Count: 2}
		}},
		"foreign":     {foreign, "holds no study, but other files, such as run.json", func(*options, *mtl.Model, *mtl.Data) {}},
		"damaged":     {damaged, "it has not the SHA-256 that was saved", func(*options, *mtl.Model, *mtl.Data) {}},
		"bad setting": {ours, "no task of the model", func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.LogRatio("nose", 1, 2, 2) }},
	} {
		t.Run(name, func(t *testing.T) {
			o := small(t)
			o.Dir = c.dir
			m, data := twoTasks()
			c.change(&o, m, &data)
			before := digest(t, c.dir)
			if _, err := sweep.Run(t.Context(), m, data, o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; wanted %q", err, c.want)
			}
			if digest(t, c.dir) != before {
				t.Error("the folder has changed")
			}
		})
	}
	o.Settings, o.Workers, o.Fit.SaveEvery = append(o.Settings, sweep.LogRatio("sign", 8, 8, 1)...), 2, 5 // these may change
	if more := run(t, o); len(more.Trials) != 5 || more.Trials[4].State != study.Done {
		t.Errorf("%d trials; wanted one more", len(more.Trials))
	}
}
