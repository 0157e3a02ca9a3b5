package tracking_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/tracking"
)

// Every tool's type follows a run as mtl.Fit's observer.
var _ = []mtl.Observer{&tracking.TensorBoard{}, &tracking.MLflow{}, &tracking.CSV{}}

var created = time.Date(2026, 11, 24, 1, 2, 3, 456_000_000, time.UTC)

// exampleRun has what runs have, and what breaks writers: tasks whose names are no file names, values that are not finite, numbers that need all
// their digits, settings of all types.
func exampleRun(name string, steps int) *history.History {
	h := &history.History{Run: history.Run{
		Name: name, Created: created, Seed: 1<<60 + 1, Steps: 40, StepsPerEpoch: 8, BatchSize: 32,
		Weighting: "Uncertainty{}", Optimizer: "Adam, learning rate 0.001", Backend: "go | simple", Execution: "one step a call",
		Tasks: []history.Task{{Name: "cls", Kind: "classification", Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}},
			{Name: "left/right: 左 \"?\"", Kind: "regression"}},
		Versions: map[string]string{"github.com/gomlx/gomlx": "v0.28.2", "go": "go1.26"},
		Config:   map[string]any{"data": "scenes", "clip": 0.1, "resume": true, "widths": []int{64, 64}, "a/b": "line\nbreak <&>", "empty": nil},
	}}
	odd := h.Run.Tasks[1].Name
	for step := 4; step <= steps; step += 4 {
		r := history.Record{
			Step: step, Split: history.Train, Epoch: float64(step) / 8, Seconds: 0.1 * float64(step), LearningRate: 1e-3 / float64(step),
			Loss: map[string]float64{"cls": 1 / float64(step), odd: math.Pi * float64(step)}, Weight: map[string]float64{"cls": 1, odd: 1.0 / 3},
		}
		if step == 8 {
			r.Weight[odd] = math.Inf(1)
		}
		h.Records = append(h.Records, r)
		if step%20 == 0 {
			h.Records = append(h.Records, history.Record{
				Step: step, Split: history.Validation, Epoch: r.Epoch, Seconds: r.Seconds, Loss: map[string]float64{"cls": 0.5, odd: math.NaN()},
				Metric: map[string]map[string]float64{"cls": {"accuracy": 1 - 1/float64(step)}},
			})
		}
	}
	return h
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails unless err holds every part.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; wanted one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

// writers are one of each tool in a folder.
func writers(dir string) []tracking.Writer {
	return []tracking.Writer{
		&tracking.TensorBoard{Dir: filepath.Join(dir, "tensorboard")},
		&tracking.MLflow{Dir: filepath.Join(dir, "mlruns"), Experiment: "scenes"},
		&tracking.CSV{Dir: filepath.Join(dir, "csv")},
	}
}

// saveRun writes a run folder.
func saveRun(t *testing.T, dir string, h *history.History) {
	t.Helper()
	w, err := history.Create(dir, h.Run)
	check(t, err)
	for _, r := range h.Records {
		check(t, w.Append(r))
	}
	check(t, w.Close())
}

// tree reads all files below a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	check(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir+"/")] = string(data)
		return err
	}))
	return files
}

func TestExportFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sweep/a", "sweep/b", "sweep/broken", "other/a"} {
		saveRun(t, filepath.Join(dir, name), exampleRun(filepath.Base(name), 40))
	}
	check(t, os.WriteFile(filepath.Join(dir, "sweep", "broken", history.RunFile), []byte("{"), 0o666))
	out := t.TempDir()
	names, err := tracking.ExportFolders([]string{filepath.Join(dir, "sweep"), filepath.Join(dir, "sweep", "a")}, writers(out)...)
	wantError(t, err, "sweep/broken is not exported", history.RunFile)
	if got := strings.Join(names, " "); got != "sweep/a sweep/b a" {
		t.Errorf("exported %s", got)
	}
	for _, file := range []string{"csv/sweep/a.csv", "csv/sweep/b.csv", "csv/a.csv"} {
		if _, err := os.Stat(filepath.Join(out, file)); err != nil {
			t.Error(err)
		}
	}
	_, err = tracking.ExportFolders([]string{filepath.Join(dir, "sweep", "a"), filepath.Join(dir, "other", "a")}, writers(out)...)
	wantError(t, err, "sweep/a", "other/a", `as "a"`)
	_, err = tracking.ExportFolders([]string{out}, writers(out)...)
	wantError(t, err, "no run", out, history.RunFile)
	_, err = tracking.ExportFolders([]string{filepath.Join(dir, "none")}, writers(out)...)
	wantError(t, err, "none")
}

// A writer whose files cannot be written names the file, and goes on with the next run.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "file")
	check(t, os.WriteFile(taken, nil, 0o666))
	h := exampleRun("digits", 40)
	for _, w := range []tracking.Writer{&tracking.TensorBoard{Dir: taken}, &tracking.MLflow{Dir: taken}, &tracking.CSV{Dir: taken}} {
		wantError(t, tracking.Export(h, w), "tracking: ", taken)
	}
	for _, w := range writers(dir)[:2] { // CSV has no settings
		bad := exampleRun("bad", 40)
		bad.Run.Config["f"] = math.NaN()
		wantError(t, tracking.Export(bad, w), `Config["f"]`, `"bad"`)
		wantError(t, tracking.Export(h, w), `Config["f"]`) // still known
		good := writers(t.TempDir())
		check(t, tracking.Export(h, good...))
	}
	for i, at := range []string{"tensorboard/digits", "mlruns", "csv"} {
		dir := t.TempDir()
		w := writers(dir)[i]
		w.Begin(h.Run)
		check(t, w.Err())
		w.Record(h.Records[0])
		at = filepath.Join(dir, at)
		check(t, os.RemoveAll(at))
		check(t, os.WriteFile(at, nil, 0o666))
		w.End(errors.New("stopped"))
		wantError(t, w.Err(), "tracking: ", at, "export the run folder")
		if got := strings.Count(w.Err().Error(), "tracking: "); got != 1 {
			t.Errorf("%d errors for one fault: %v", got, w.Err())
		}
	}
}
