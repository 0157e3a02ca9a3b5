package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// The results of a notebook are its runs in one table, and each study in its own, without its trials among the runs.
func TestResultsOfRunsAndStudies(t *testing.T) {
	dir, before := t.TempDir(), time.Now().Add(-time.Minute)
	run := func(path, name string) {
		t.Helper()
		w, err := history.Create(path, history.Run{Name: name, Tasks: []history.Task{{Name: "cls"}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(history.Record{Step: 1, Split: history.Train, Loss: map[string]float64{"cls": 0.5}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run(filepath.Join(dir, "single"), "single")
	s := &study.Study{Name: "weights", Tasks: []history.Task{{Name: "cls"}}, Objectives: []study.Objective{{Task: "cls"}}, Split: history.Train}
	trial := &study.Trial{Setting: study.Setting{Weights: map[string]float64{"cls": 2}, Seed: 1}, State: study.Done, Loss: map[string]float64{"cls": 0.25}}
	s.Put(trial)
	folder := filepath.Join(dir, "weights")
	if err := s.Save(folder); err != nil {
		t.Fatal(err)
	}
	run(trial.Dir(folder), trial.Name())
	if err := trial.Save(folder); err != nil {
		t.Fatal(err)
	}
	text, err := results(dir, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"single (train)", "\nweights\n", "cls 2", "0.25"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, trial.Name()) {
		t.Errorf("a trial stands among the runs:\n%s", text)
	}
	old := time.Now().Add(-time.Hour)
	for _, file := range []string{filepath.Join(folder, study.File), filepath.Join(dir, "single", history.RecordsFile)} {
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := results(dir, before); err != nil || text != "" {
		t.Errorf("results of before the notebook: %v\n%s", err, text)
	}
}
