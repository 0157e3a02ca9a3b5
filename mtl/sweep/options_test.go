package sweep_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
)

func TestBadOptions(t *testing.T) {
	b := backendtest.Go(t)
	good := func() sweep.Options { return sweep.Options{Fit: fit(b, 10)} }
	for want, change := range map[string]func(o *sweep.Options, m *mtl.Model, d *mtl.Data){
		"has no tasks":            func(_ *sweep.Options, m *mtl.Model, _ *mtl.Data) { m.Tasks = nil },
		"Data.Train is missing":   func(_ *sweep.Options, _ *mtl.Model, d *mtl.Data) { d.Train = nil },
		"set one of them":         func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Fit.Epochs = 3 },
		"a sweep makes its own":   func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Fit.RunDir = "x" },
		"is no task of the model": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.LogRatio("nose", 1, 2, 2) },
		"weight -1 for task":      func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.LogRatio("sum", -1, 2, 3) },
		"weight -1": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Settings = sweep.List(map[string]float64{"sum": -1})
		},
		"learning rate [0]":         func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.Values(study.LearningRate, 0) },
		`two settings are "seed=3"`: func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.Seeds(3, 3) },
		"seed -3":                   func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.Seeds(-3) },
		"Halving needs Options.Dir": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Halving = &sweep.Halving{} },
		`Options.Dir is "~/runs"`:   func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Dir = "~/runs" },
		"Halving.Keep is 2": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Dir, o.Halving = t.TempDir(), &sweep.Halving{Keep: 2}
		},
		"share 3 of 3": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Share = sweep.Share{Index: 3, Count: 3} },
		"cannot be adaptive": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Share, o.Adaptive = sweep.Share{Count: 2}, &sweep.Adaptive{}
		},
		"the baseline alone=sum,seed=1 is of 9 steps and this sweep of 10": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Baselines = []*study.Trial{{Setting: study.Setting{Alone: "sum", Seed: 1}, State: study.Done, Steps: 9}}
		},
		"bad objective": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Objectives = []study.Objective{{Task: "nose"}} },
		"training records hold losses only": func(o *sweep.Options, _ *mtl.Model, d *mtl.Data) {
			o.Objectives, d.Validation = []study.Objective{{Task: "sum", Metric: "RMSE"}}, nil
		},
		`task "sum" has no metric "R3"`: func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Objectives = []study.Objective{{Task: "sum", Metric: "R3"}}
		},
		`HigherIsBetter is false for the accuracy of task "sign", where it is true`: func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Objectives = []study.Objective{{Task: "sum"}, {Task: "sign", Metric: "accuracy"}}
		},
		`HigherIsBetter is true for the loss of task "sum"`: func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Objectives = []study.Objective{{Task: "sum", HigherIsBetter: true}}
		},
		"weight 0 for every task": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Settings = sweep.List(map[string]float64{"sum": 0, "sign": 0})
		},
		"Options.Reference is [1 NaN]":         func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Reference = []float64{1, math.NaN()} },
		"wanted one for each of the 2":         func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Reference = []float64{1} },
		"all 1 trials failed":                  func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Settings = sweep.Values("cagrad/c", 1) },
		"all 1 trials failed; the first, seed": func(_ *sweep.Options, _ *mtl.Model, d *mtl.Data) { delete(d.Train.Labels, "sign") },
	} {
		t.Run(want, func(t *testing.T) {
			m, data := twoTasks()
			o := good()
			o.NoBaselines, o.Log = true, quiet
			change(&o, m, &data)
			if s, err := sweep.Run(context.Background(), m, data, o); s == nil || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v; wanted %q", err, want)
			}
		})
	}
	ranges := make([]sweep.Range, sweep.MaxSobol+1)
	for i := range ranges {
		ranges[i] = sweep.Range{Path: fmt.Sprintf("x/%d", i), To: 1}
	}
	m, data := twoTasks()
	if _, err := sweep.Run(context.Background(), m, data, sweep.Options{Fit: fit(b, 10), Settings: sweep.Sobol(2, ranges...)}); err == nil || !strings.Contains(err.Error(), "Sobol serves up to 10 ranges") {
		t.Errorf("too many ranges: %v", err)
	}
}
