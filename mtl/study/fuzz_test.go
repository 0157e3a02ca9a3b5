package study_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// Whatever a study's folder holds, Load ends, and what it takes can be shown and chosen from.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	s := &study.Study{Name: "weights", Split: history.Validation, Tasks: []history.Task{{Name: "a", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}}, {Name: "b"}}}
	s.Objectives = study.Objectives(s.Tasks)
	trial := &study.Trial{Setting: study.Setting{Weights: map[string]float64{"a": 1, "b": 10}, Seed: 1}, State: study.Done,
		Loss: map[string]float64{"a": 0.5, "b": 2}, Metric: map[string]map[string]float64{"a": {"accuracy": 0.75}}}
	s.Put(trial)
	if err := os.MkdirAll(trial.Dir(dir), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := s.Save(dir); err != nil {
		f.Fatal(err)
	}
	if err := trial.Save(dir); err != nil {
		f.Fatal(err)
	}
	paths := []string{filepath.Join(dir, "study.json"), filepath.Join(trial.Dir(dir), "trial.json")}
	written := make([][]byte, len(paths))
	for i, path := range paths {
		var err error
		if written[i], err = os.ReadFile(path); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(written[0], written[1])
	f.Add(written[0], []byte(`{"state":"done","loss":{"a":null},"metric":{"a":null}}`))
	f.Add([]byte(`{"tasks":[{"name":"a"}],"objectives":[{"task":"b"}],"settings":[{}]}`), []byte(`null`))
	f.Fuzz(func(t *testing.T, plan, tried []byte) {
		for i, data := range [][]byte{plan, tried} {
			if err := os.WriteFile(paths[i], data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		read, err := study.Load(dir)
		if err != nil {
			return
		}
		_, _ = read.String(), read.Choose()
		for _, write := range []func(io.Writer) error{read.WriteCSV, read.WriteJSON, read.WriteMarkdown} {
			if err := write(io.Discard); err != nil {
				t.Fatalf("read but not written: %v", err)
			}
		}
	})
}
