package tracking_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/tracking"
)

// An experiment that MLflow made, here as its client 3.17.2 wrote one, is used; its other runs, and tags that a user set, stay.
func TestMLflowExperiment(t *testing.T) {
	const meta = `artifact_location: /data/mlruns/728916530584011964
creation_time: 1795622513312
effective_trace_archival_retention: null
experiment_id: '728916530584011964'
last_update_time: 1795622513312
lifecycle_stage: active
name: 'a: b #c'
trace_location: null
workspace: default
`
	dir := t.TempDir()
	experiment := filepath.Join(dir, "728916530584011964")
	check(t, os.MkdirAll(filepath.Join(dir, ".trash"), 0o777))
	check(t, os.Mkdir(experiment, 0o777))
	check(t, os.WriteFile(filepath.Join(experiment, "meta.yaml"), []byte(meta), 0o666))
	w := &tracking.MLflow{Dir: dir, Experiment: "a: b #c"}
	check(t, tracking.Export(exampleRun("digits", 40), w))
	runs, err := filepath.Glob(filepath.Join(experiment, "*", "meta.yaml"))
	check(t, err)
	if len(runs) != 1 {
		t.Fatalf("%d runs in the experiment", len(runs))
	}
	tag := filepath.Join(filepath.Dir(runs[0]), "tags", "mine")
	check(t, os.WriteFile(tag, []byte("keep"), 0o666))

	another := exampleRun("digits", 40)
	another.Run.Created = created.Add(1)
	for _, h := range []string{"digits", "moved/to/digits"} {
		again := exampleRun(h, 40)
		check(t, tracking.Export(again, w))
	}
	check(t, tracking.Export(another, w))
	if runs, _ := filepath.Glob(filepath.Join(experiment, "*", "meta.yaml")); len(runs) != 2 {
		t.Errorf("%d runs in the experiment; wanted the same run, written three times, and another", len(runs))
	}
	if _, err := os.Stat(tag); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("the store has %v; wanted .trash and the experiment", entries)
	}
	if data, err := os.ReadFile(filepath.Join(experiment, "meta.yaml")); err != nil || string(data) != meta {
		t.Errorf("the experiment's own file was changed: %v\n%s", err, data)
	}

	check(t, os.Rename(experiment, filepath.Join(dir, ".trash", "728916530584011964")))
	wantError(t, tracking.Export(another, &tracking.MLflow{Dir: dir, Experiment: "a: b #c"}), "a: b #c", "deleted", "restore")
	check(t, os.MkdirAll(experiment, 0o777))
	check(t, os.WriteFile(filepath.Join(experiment, "meta.yaml"), []byte("name: [x"), 0o666))
	wantError(t, tracking.Export(another, &tracking.MLflow{Dir: dir}), filepath.Join(experiment, "meta.yaml"))
}

// MLflow's database takes params of at most 6,000 characters and tags of 8,000.
func TestMLflowCutsLongText(t *testing.T) {
	dir := t.TempDir()
	h := exampleRun("digits", 4)
	h.Run.Config = map[string]any{"long": strings.Repeat("é", 6001)}
	h.Run.Execution = strings.Repeat("é", 9000)
	check(t, tracking.Export(h, &tracking.MLflow{Dir: dir}))
	files := tree(t, dir)
	for ending, want := range map[string]int{"/params/config/long": 12000, "/tags/gomtl.execution": 16000} {
		found := false
		for path, text := range files {
			found = found || strings.HasSuffix(path, ending) && len(text) == want
		}
		if !found {
			t.Errorf("no file %s of %d bytes", ending, want)
		}
	}
}
