package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

func TestPlotTellsStudiesFromRuns(t *testing.T) {
	dir := t.TempDir()
	s := &study.Study{Name: "weights", Tasks: []history.Task{{Name: "cls"}, {Name: "seg"}}}
	s.Objectives = study.Objectives(s.Tasks)
	trial := &study.Trial{Setting: study.Setting{Weights: map[string]float64{"seg": 4}, Seed: 1}, State: study.Done, Loss: map[string]float64{"cls": 0.5, "seg": 0.25}}
	s.Put(trial)
	if err := s.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := trial.Save(dir); err != nil {
		t.Fatal(err)
	}
	table, files, err := plotFolder(dir, filepath.Join(dir, "plots"))
	if err != nil || !strings.Contains(table, "chosen") || filepath.Base(files[0]) != "report.html" || filepath.Base(files[1]) != "trade-off.svg" {
		t.Errorf("%v %v\n%s", files, err, table)
	}
	if _, _, err := plotFolder(filepath.Join(dir, "nothing"), dir); err == nil {
		t.Error("no error for a folder without a run")
	}
}
