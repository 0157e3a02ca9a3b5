package mtl_test

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// An option that is no number, or that nothing can be done with, is an error that names it.
func TestBadOptions(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for word, o := range map[string]mtl.FitOptions{
		"FitOptions.LearningRate is NaN":                         {LearningRate: nan},
		"FitOptions.LearningRate is +Inf":                        {LearningRate: inf},
		"FitOptions.LearningRate is -1":                          {LearningRate: -1},
		"FitOptions.ClipNorm is NaN":                             {ClipNorm: nan},
		"FitOptions.MinDelta is NaN":                             {MinDelta: nan, Patience: 1},
		"FitOptions.MinDelta is -1":                              {MinDelta: -1},
		"FitOptions.Patience is -1":                              {Patience: -1},
		"FitOptions.ValidateEvery is -1":                         {ValidateEvery: -1},
		"FitOptions.SaveEvery is -1":                             {SaveEvery: -1},
		"FitOptions.RecordEvery is -1":                           {RecordEvery: -1},
		"FitOptions.DeviceBytes is -1":                           {DeviceBytes: -1},
		"FitOptions.BatchSize is -1":                             {BatchSize: -1},
		"FitOptions.Accumulate is -1":                            {Accumulate: -1},
		"FitOptions.StepsPerCall is -1":                          {StepsPerCall: -1},
		"-3 steps and 2 epochs":                                  {Steps: -3, Epochs: 2},
		"9223372036854775807 epochs; wanted at most":             {Epochs: math.MaxInt, BatchSize: 4},
		"9223372036854775807 steps and 0 epochs; wanted at most": {Steps: math.MaxInt},
		"StepDecay.Every is 0":                                   {Schedule: mtl.StepDecay{}},
		"StepDecay.Gamma is NaN":                                 {Schedule: &mtl.StepDecay{Every: 1, Gamma: nan}},
		"Cosine.Final is NaN":                                    {Schedule: mtl.Cosine{Final: nan}},
		"Cosine.WarmUp is -1":                                    {Schedule: mtl.Cosine{WarmUp: -1}},
		"Plateau.Patience is -1":                                 {Schedule: mtl.Plateau{Patience: -1}},
		"Plateau.MinDelta is NaN":                                {Schedule: mtl.Plateau{MinDelta: nan}},
		`no task "b"`:                                            {Monitor: mtl.Monitor{Task: "b"}},
		`no metric of task "a"`:                                  {Monitor: mtl.Monitor{Task: "a", Metric: "accuracy"}},
		`"RMSE" needs Monitor.Task`:                              {Monitor: mtl.Monitor{Metric: "RMSE"}},
	} {
		m, s := regressions("a")
		wantError(t, m, s, o, word)
	}
}

// A monitored task that the validation has no label of would be NaN for ever.
func TestMonitorWithoutLabels(t *testing.T) {
	m, s := regressions("a", "b")
	_, v := regressions("a", "b")
	v.Masks["b"] = tensors.FromValue(make([]bool, 24))
	for monitor, refused := range map[mtl.Monitor]bool{{Task: "b"}: true, {Task: "b", Metric: "R2"}: true, {Task: "a"}: false, {}: false} {
		_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s, Validation: v}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 2, Monitor: monitor, Log: quiet})
		if refused != (err != nil && strings.Contains(err.Error(), `Monitor.Task is "b", which has no labelled example`)) {
			t.Errorf("monitor %+v: the error is %v", monitor, err)
		}
	}
	_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 2, Schedule: mtl.Plateau{}, Log: quiet})
	if err == nil || !strings.Contains(err.Error(), "Plateau need Data.Validation") {
		t.Errorf("Plateau without validation: the error is %v", err)
	}
}

// More steps a call than the run has, or than memory, are no more than the run has.
func TestManyStepsPerCall(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, s := regressions("a")
		h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Steps: 5, StepsPerCall: 1 << 40, Log: quiet})
		if err != nil || len(h.Records) != 5 {
			t.Errorf("%d records, %v", len(h.Records), err)
		}
	})
}

// Numbers that a run or a store gets are checked as those of FitOptions.
func TestBadRunNumbers(t *testing.T) {
	m, s := regressions("a")
	c, err := mtl.Compile(m, mtl.Data{Train: s}, mtl.FitOptions{Backend: backendtest.Go(t), Steps: 2, LearningRate: 1e-3, Weighting: weighting.Fixed{}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, c)
	for word, o := range map[string]mtl.RunOptions{
		"LearningRate is NaN":                           {LearningRate: math.NaN()},
		"LearningRate is +Inf":                          {LearningRate: math.Inf(1)},
		`"fixed/weights" cannot be [NaN]`:               {Hyperparameters: map[string][]float64{"fixed/weights": {math.NaN()}}},
		`hyper-parameter "fixed/weights" takes 1 numbe`: {Hyperparameters: map[string][]float64{"fixed/weights": {1, 2}}},
	} {
		if _, err := c.Fit(context.Background(), o); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %v; wanted one with %s", err, word)
		}
	}
}

// The header says when an epoch leaves rows out, but for a few.
func TestRowsLeftOver(t *testing.T) {
	for batch, want := range map[int]string{16: "8 of 24 training rows are left over in each epoch", 8: "", 23: ""} {
		var log bytes.Buffer
		m, s := regressions("a")
		_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{
			Backend: backendtest.Go(t), Store: model.NewStore(), Epochs: 1, BatchSize: batch, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "left over"); got != (want != "") || !strings.Contains(log.String(), want) {
			t.Errorf("batch size %d: the log is %s; wanted %q", batch, log.String(), want)
		}
	}
}
