package sweep_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// A trial has the numbers of a call of Fit with its weights, and a hundred settings compile what one does.
func TestTrialsAreRunsOfFit(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		before := graphsBuilt(b)
		one := run(t, sweep.Options{Fit: fit(b, 5), Settings: sweep.LogRatio("sign", 1, 1, 1), NoBaselines: true})
		graphs := graphsBuilt(b) - before
		before = graphsBuilt(b)
		many := run(t, sweep.Options{Fit: fit(b, 5), Settings: sweep.Product(sweep.LogRatio("sign", 0.1, 10, 50), sweep.Seeds(1, 2)), NoBaselines: true})
		if more := graphsBuilt(b) - before; more != graphs || many.Compilations != 1 || len(many.Trials) != 100 {
			t.Errorf("%d trials built %d graphs and compiled %d programs; one trial built %d", len(many.Trials), more, many.Compilations, graphs)
		}
		if one.Compilations != 1 {
			t.Errorf("one setting took %d compilations", one.Compilations)
		}

		dir := t.TempDir()
		s := run(t, sweep.Options{
			Fit: fit(b, 30), Dir: dir, NoBaselines: true,
			Settings: sweep.Product(sweep.LogRatio("sign", 0.25, 4, 2), sweep.Values(study.LearningRate, 1e-3, 1e-2), sweep.Values("shared/dropout", 0.1), sweep.Seeds(7)),
		})
		for _, trial := range s.Trials {
			m, data := twoTasks()
			o := fit(b, 30)
			o.ValidateEvery, o.RecordEvery, o.SaveEvery, o.LearningRate, o.Log = 3, 1, 30, trial.Values[study.LearningRate][0], quiet
			o.Weighting, o.Seed, o.Store = weighting.Fixed(trial.Weights), 7, model.NewStore()
			h, err := mtl.Fit(context.Background(), m, data, o)
			if err != nil {
				t.Fatal(err)
			}
			want, store := h.Last(history.Validation), model.NewStore()
			if fmt.Sprint(trial.Loss, trial.Metric) != fmt.Sprint(want.Loss, want.Metric) {
				t.Errorf("%s: %v %v; Fit has %v %v", trial.Name(), trial.Loss, trial.Metric, want.Loss, want.Metric)
			}
			if err := mtl.LoadCheckpoint(store, trial.Dir(dir), "last"); err != nil {
				t.Error(err)
			}
		}
	})
}

// Numbers do not depend on how many trials run at once, whether there is a folder, or how the work is shared.
func TestWorkersAndSharesDoNotMatter(t *testing.T) {
	b := backendtest.XLA(t)
	options := func() sweep.Options {
		return sweep.Options{Fit: fit(b, 20), Settings: sweep.Product(sweep.SimplexGrid([]string{"sum", "sign"}, 4), sweep.Seeds(1, 2))}
	}
	o := options()
	o.Workers, o.Dir = 1, t.TempDir()
	want := run(t, o)
	o = options()
	o.Workers = 4
	four := run(t, o)
	sameTrials(t, four.Trials, want.Trials)
	sameTrials(t, four.Baselines, want.Baselines)
	if four.Workers != 4 || want.Workers != 1 {
		t.Errorf("%d and %d trials ran at once; wanted 1 and 4", want.Workers, four.Workers)
	}
	o = options()
	o.Workers, o.MemoryBytes = 4, 1
	if small := run(t, o); small.Workers != 1 {
		t.Errorf("%d trials ran at once in one byte of memory", small.Workers)
	}

	dir := t.TempDir()
	m, data := twoTasks()
	for index := range 3 {
		o = options()
		o.Dir, o.Share = dir, sweep.Share{Index: index, Count: 3}
		planned, err := sweep.Plan(m, data, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(namesOf(planned)); got != fmt.Sprint(namesOf(want)) {
			t.Errorf("planned are %s", got)
		}
		part := &lastProgress{}
		o.Observers = []study.Observer{part}
		run(t, o)
		if trials := len(namesOf(want)); part.done != part.planned || part.done != 20*((trials-index+2)/3) {
			t.Errorf("share %d of 3 did %d of %d steps; there are %d trials of 20", index, part.done, part.planned, trials)
		}
		if _, err := os.Stat(filepath.Join(dir, study.MarkdownFile)); err == nil {
			t.Error("a share wrote the results of the whole")
		}
	}
	got, err := study.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	sameTrials(t, got.Trials, want.Trials)
	sameTrials(t, got.Baselines, want.Baselines)
}

func namesOf(s *study.Study) (names []string) {
	for _, t := range slices.Concat(s.Baselines, s.Trials) {
		names = append(names, t.Name())
	}
	return names
}

type lastProgress struct{ done, planned int }

func (*lastProgress) Begin(*study.Study)      {}
func (*lastProgress) Update(*study.Trial)     {}
func (*lastProgress) End(*study.Study, error) {}
func (p *lastProgress) Progress(done, planned int, _, _ float64) {
	p.done, p.planned = done, planned
}

// Every method is a program; task weights are the preference of a method that has one; hyper-parameters reach it.
func TestMethods(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		s := run(t, sweep.Options{
			Fit: fit(b, 20), NoBaselines: true,
			Settings: append(append(append(
				sweep.Methods(weighting.Uncertainty{}, weighting.MGDA{}),
				sweep.Product(sweep.Methods(weighting.CAGrad{}), sweep.Values("cagrad/c", 0.1, 0.9))...),
				sweep.Product(sweep.Methods(weighting.UPGrad{}), sweep.List(map[string]float64{"sum": 1, "sign": 9}, map[string]float64{"sum": 9, "sign": 1}))...),
				sweep.Product(sweep.Methods(weighting.MGDA{}), sweep.List(map[string]float64{"sum": 2}))...),
		})
		if s.Compilations != 4 { // MGDA takes no weights: that program is not even built
			t.Errorf("%d compilations for 4 programs", s.Compilations)
		}
		for _, trial := range s.Trials {
			if bad := trial.Method == "MGDA" && trial.Weights != nil; bad != (trial.State == study.Failed) || bad != strings.Contains(trial.Error, "MGDA has no field Preference") {
				t.Errorf("%s: %s %s", trial.Label(), trial.State, trial.Error)
			}
		}
		losses := func(i int) string { return fmt.Sprint(s.Trials[i].Loss) }
		if losses(2) == losses(3) || losses(4) == losses(5) {
			t.Error("hyper-parameters or preferences change nothing")
		}
		m, data := twoTasks()
		o := fit(b, 20)
		o.ValidateEvery, o.Weighting, o.Log = 2, weighting.UPGrad{Preference: []float64{0.1, 0.9}}, quiet
		h, err := mtl.Fit(context.Background(), m, data, o)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(h.Last(history.Validation).Loss); losses(4) != want {
			t.Errorf("UPGrad with weights 1 : 9 ends with %s; Fit with that preference with %s", losses(4), want)
		}
	})
}

func TestHalvingDropsTheDominated(t *testing.T) {
	b := backendtest.Go(t)
	o := sweep.Options{
		Fit: fit(b, 80), Dir: t.TempDir(), NoBaselines: true, Halving: &sweep.Halving{},
		Settings: sweep.Product(sweep.Values(study.LearningRate, 1e-6, 1e-5, 1e-4, 1e-2), sweep.Seeds(1, 2)),
	}
	s := run(t, o)
	for _, trial := range s.Trials {
		rate := trial.Values[study.LearningRate][0]
		if done := trial.State == study.Done; done != (rate == 1e-2) && rate == 1e-2 || trial.State == study.Done && trial.Step != 80 || trial.State == study.Dropped && trial.Step%8 != 0 {
			t.Errorf("%s: %s at step %d", trial.Name(), trial.State, trial.Step)
		}
	}
	dropped := 0
	for _, g := range s.Groups() {
		if !g.Complete() {
			dropped++
			for _, i := range s.Front(s.Groups()) {
				if s.Groups()[i].Setting.Key() == g.Setting.Key() {
					t.Errorf("%s was dropped and is on the front", g.Setting.Label())
				}
			}
		}
	}
	if dropped < 2 {
		t.Errorf("%d of 4 settings were dropped; wanted at least 2", dropped)
	}
	again := run(t, o) // everything is known
	sameTrials(t, again.Trials, s.Trials)
	if again.Compilations != 0 {
		t.Errorf("%d compilations to read a complete study", again.Compilations)
	}
}

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

// Results in three formats hold the same numbers.
func TestResults(t *testing.T) {
	b := backendtest.Go(t)
	dir := t.TempDir()
	s := run(t, sweep.Options{Fit: fit(b, 30), Dir: dir, Settings: sweep.Product(sweep.LogRatio("sign", 0.1, 10, 3), sweep.Seeds(1, 2, 3))})
	text, err := os.ReadFile(filepath.Join(dir, study.MarkdownFile))
	if err != nil || string(text) != s.String() {
		t.Errorf("%v\n%s", err, text)
	}
	for _, want := range []string{"each task alone", "chosen", "Δm task-mean", "Hypervolume", "± is the 95 % interval"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	f, err := os.Open(filepath.Join(dir, study.CSVFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+6+9 {
		t.Fatalf("%d rows, %v; wanted a header, 6 baselines and 9 trials", len(rows), err)
	}
	var parsed struct {
		Trials   []map[string]any
		Settings []struct {
			Label      string
			Objectives []struct{ Mean, Half *float64 }
		}
		Choice struct{ Reason string }
	}
	data, err := os.ReadFile(filepath.Join(dir, study.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &parsed); err != nil {
		t.Fatal(err)
	}
	groups := s.Groups()
	for i, g := range groups {
		for k := range g.Values {
			if got := parsed.Settings[i].Objectives[k]; *got.Mean != g.Values[k].Mean || *got.Half != g.Values[k].Half {
				t.Errorf("%s, objective %d: %v in JSON, %v", g.Setting.Label(), k, *got.Mean, g.Values[k])
			}
		}
	}
	if len(parsed.Trials) != 9 || parsed.Choice.Reason != s.Choose().Reason {
		t.Errorf("JSON has %d trials and chooses %q", len(parsed.Trials), parsed.Choice.Reason)
	}
}

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
		"Halving.Keep is 2": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Dir, o.Halving = t.TempDir(), &sweep.Halving{Keep: 2}
		},
		"share 3 of 3": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) { o.Share = sweep.Share{Index: 3, Count: 3} },
		"cannot be adaptive": func(o *sweep.Options, _ *mtl.Model, _ *mtl.Data) {
			o.Share, o.Adaptive = sweep.Share{Count: 2}, &sweep.Adaptive{}
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
			if _, err := sweep.Run(context.Background(), m, data, o); err == nil || !strings.Contains(err.Error(), want) {
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
