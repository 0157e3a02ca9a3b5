package sweep_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

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
	changed := strings.Replace(string(data), `"steps": 20`, `"steps": 30`, 1)
	if err := os.WriteFile(plan, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	wrong := t.TempDir() // a trial is damaged, and a copy has no hidden files
	if err := os.CopyFS(wrong, os.DirFS(ours)); err != nil {
		t.Fatal(err)
	}
	trial := filepath.Join(wrong, study.TrialsDir, "sign=1,seed=1", study.TrialFile)
	if err := os.WriteFile(trial, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(wrong, ".locks")); err != nil {
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
		"head": {
			ours, `its task "sum": regression, head DenseHead{Outputs:1`,
			func(_ *options, m *mtl.Model, _ *mtl.Data) {
				m.Tasks[0].Head = mtl.DenseHead{Outputs: 1, Scalar: true, Hidden: []int{4}}
			},
		},
		"loss": {
			ours, `its task "sum": regression`,
			func(_ *options, m *mtl.Model, _ *mtl.Data) { m.Tasks[0].Loss = mtl.AbsoluteError },
		},
		"metrics": {
			ours, `its task "sign": class`,
			func(_ *options, m *mtl.Model, _ *mtl.Data) { m.Tasks[1].Metrics = m.Tasks[1].Metrics[:1] },
		},
		"order of tasks": {
			ours, "its tasks: sum, sign; asked for: sign, sum",
			func(_ *options, m *mtl.Model, _ *mtl.Data) { slices.Reverse(m.Tasks) },
		},
		"training data": {
			ours, "its training data: 160 examples, SHA-256",
			func(_ *options, _ *mtl.Model, d *mtl.Data) { d.Train.Labels["sign"] = d.Train.Labels["sum"] },
		},
		"validation data": {
			ours, "its validation data: 64 examples",
			func(_ *options, _ *mtl.Model, d *mtl.Data) { d.Validation = d.Train },
		},
		"accumulate": {
			ours, "its batch size: 16; asked for: 16 in 2 parts",
			func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Accumulate = 2 },
		},
		"optimiser": {
			ours, "its optimiser: adam, learning rate 0.01; asked for: SGDConfig{",
			func(o *options, _ *mtl.Model, _ *mtl.Data) {
				o.Fit.Optimizer = optimizer.StochasticGradientDescent().Done()
			},
		},
		"schedule": {
			ours, "its schedule: none; asked for: Cosine",
			func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Schedule = mtl.Cosine{} },
		},
		"steps": {
			ours, "its steps: 20; asked for: 21",
			func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Steps = 21 },
		},
		"patience": {
			ours, "its validation: every 2 steps, patience 0",
			func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Patience = 3 },
		},
		"given baselines": {
			ours, "holds another study",
			func(o *options, _ *mtl.Model, _ *mtl.Data) {
				o.Fit.BatchSize, o.NoBaselines, o.Baselines = 7, false, alone
			},
		},
		"rate, no locks": {
			unlocked, "asked for: adam, learning rate 1;",
			func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Fit.LearningRate = 1 },
		},
		"a share": {
			ours, "its batch size: 16; asked for: 7",
			func(o *options, _ *mtl.Model, _ *mtl.Data) {
				o.Fit.BatchSize, o.Share = 7, sweep.Share{Index: 1, Count: 2}
			},
		},
		"foreign": {
			foreign, "holds no study, but other files, such as run.json",
			func(*options, *mtl.Model, *mtl.Data) {},
		},
		"damaged": {
			damaged, "it has not the SHA-256 that was saved",
			func(*options, *mtl.Model, *mtl.Data) {},
		},
		"damaged trial": {
			wrong, "sign=1,seed=1/trial.json is not as a sweep writes it",
			func(*options, *mtl.Model, *mtl.Data) {},
		},
		"bad setting": {
			ours, "no task of the model",
			func(o *options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.LogRatio("nose", 1, 2, 2) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := small(t)
			o.Dir = c.dir
			m, data := twoTasks()
			c.change(&o, m, &data)
			before := digest(t, c.dir)
			_, err := sweep.Run(t.Context(), m, data, o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; wanted %q", err, c.want)
			}
			if digest(t, c.dir) != before {
				t.Error("the folder has changed")
			}
		})
	}
	o.Settings = append(o.Settings, sweep.LogRatio("sign", 8, 8, 1)...) // these may change
	o.Workers, o.Fit.SaveEvery = 2, 5
	if more := run(t, o); len(more.Trials) != 5 || more.Trials[4].State != study.Done {
		t.Errorf("%d trials; wanted one more", len(more.Trials))
	}
}
