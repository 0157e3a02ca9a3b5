package tracking_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/tracking"
)

// readBack is what testdata/readback.py prints. Numbers are text, as JSON has no NaN.
type readBack struct {
	Versions    map[string]string
	TensorBoard map[string]struct {
		Scalars map[string][][3]any // wall time, step, value
		Text    map[string]string
	}
	HParams map[string]struct {
		Status  string
		HParams map[string]any
		Metrics map[string][2]any // step, value
	}
	MLflow map[string]struct {
		Experiment, ID, Status string
		Start                  int64
		End                    *int64
		Params, Tags           map[string]string
		Metrics                map[string][][3]any // timestamp, step, value
	}
	CSV map[string]struct {
		Types map[string]string
		Rows  [][]string
	}
}

const pythonEnv = "GOMTL_TRACKING_PYTHON"

// TestRealTools reads what was written with TensorBoard, MLflow and pandas and holds it against the histories, whose values are listed here
// anew. The names that the odd task has in files were computed with Python's re and hashlib.
func TestRealTools(t *testing.T) {
	python := os.Getenv(pythonEnv)
	if python == "" {
		t.Skip(pythonEnv + ` names no Python with TensorBoard, MLflow and pandas; to have one:
python3 -m venv output/tracking && output/tracking/bin/pip install -r tracking/testdata/requirements.txt
` + pythonEnv + "=$PWD/output/tracking/bin/python go test ./tracking")
	}
	dir := t.TempDir()
	runs := map[string]*history.History{
		"finished": exampleRun("finished", 40), "deep/unfinished": exampleRun("deep/unfinished", 24), "failed": exampleRun("failed", 8),
		"interrupted and resumed": exampleRun("interrupted and resumed", 40), "killed": exampleRun("killed", 16),
	}
	for _, name := range hardNames {
		h := exampleRun(name, 40)
		h.Records = h.Records[:1]
		runs[name] = h
	}
	to := writers(dir)
	for name, h := range runs {
		switch name {
		case "failed":
			follow(h, errors.New("mtl: the loss is NaN"), to)
		case "interrupted and resumed":
			follow(exampleRun(name, 20), fmt.Errorf("mtl: interrupted: %w", context.Canceled), to)
			follow(h, nil, to)
		case "killed":
			follow(h, fmt.Errorf("mtl: interrupted: %w", context.Canceled), to)
		default:
			check(t, tracking.Export(h, to...))
		}
	}
	for _, w := range to {
		check(t, w.Err())
	}

	cmd := exec.CommandContext(t.Context(), python, "testdata/readback.py", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(t, err)
	var got readBack
	check(t, json.Unmarshal(out, &got))
	t.Log(got.Versions)

	status := map[string][2]string{ // in TensorBoard and MLflow
		"deep/unfinished": {"STATUS_UNKNOWN", "RUNNING"}, "failed": {"STATUS_FAILURE", "FAILED"}, "killed": {"STATUS_FAILURE", "KILLED"},
	}
	for name, h := range runs {
		want, special := status[name]
		if !special {
			want = [2]string{"STATUS_SUCCESS", "FINISHED"}
			if len(h.Records) == 1 {
				want = status["deep/unfinished"]
			}
		}
		t.Run(name, func(t *testing.T) {
			got.tensorBoard(t, name, h, want[0])
			got.mlflow(t, name, h, want[1])
			got.csv(t, name, h)
		})
	}
	if a, b, c := len(got.HParams), len(got.MLflow), len(got.CSV); a != len(runs) || b != len(runs) || c != len(runs) {
		t.Errorf("%d, %d and %d runs; wrote %d", a, b, c, len(runs))
	}
}

// hardNames are read as something else by careless YAML, or are no names of files.
var hardNames = []string{"a: b #c", "yes", "null", "~", "=", "1e3", "0o7", "12:30:45", "2020-01-01", "0123456789", "- a", "\"'", "tab\there", "😀", "..", "del\x7f", "[x]*?"}

// follow calls a writer as mtl.Fit does.
func follow(h *history.History, end error, to []tracking.Writer) {
	for _, w := range to {
		w.Begin(h.Run)
		for _, r := range h.Records {
			w.Record(r)
			w.Progress(r.Step, h.Run.Steps, r.Seconds)
		}
		w.End(end)
	}
}

// inFiles are names that are not their own.
var inFiles = map[string]string{
	"left/right: 左 \"?\"": "left_right_ 左 ___-0847400b", "a/b": "a_b-c14cddc0",
}

func inFile(name string) string {
	if changed, odd := inFiles[name]; odd {
		return changed
	}
	return name
}

// point is a value as a history has it.
type point struct {
	step    int
	seconds float64
	value   float64
}

// points lists the curves of a run by split, then by kind/task/metric.
func points(h *history.History) map[string]map[string][]point {
	curves := map[string]map[string][]point{}
	for _, r := range h.Records {
		if curves[r.Split] == nil {
			curves[r.Split] = map[string][]point{}
		}
		add := func(v float64, parts ...string) {
			key := strings.Join(parts, "/")
			curves[r.Split][key] = append(curves[r.Split][key], point{r.Step, r.Seconds, v})
		}
		if r.Split == history.Train {
			add(r.LearningRate, "learning_rate")
		}
		for task, v := range r.Loss {
			add(v, "loss", inFile(task))
		}
		for task, v := range r.Weight {
			add(v, "weight", inFile(task))
		}
		for task, metrics := range r.Metric {
			for metric, v := range metrics {
				add(v, "metric", inFile(task), metric)
			}
		}
	}
	return curves
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func parse(t *testing.T, v any) float64 {
	t.Helper()
	if n, isNumber := v.(float64); isNumber {
		return n
	}
	f, err := strconv.ParseFloat(v.(string), 64)
	check(t, err)
	return f
}

func wantKeys[A, B any](t *testing.T, what string, got map[string]A, want map[string]B) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(a, b) {
		t.Errorf("%s: %q\nwanted %q", what, a, b)
	}
}

// wantCurve compares points of which each is a time, a step and a value.
func wantCurve(t *testing.T, what string, got [][3]any, want []point, time func(seconds float64) float64, value func(v float64) float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d points; wanted %d", what, len(got), len(want))
		return
	}
	for i, w := range want {
		at, step, v := parse(t, got[i][0]), parse(t, got[i][1]), parse(t, got[i][2])
		if math.Abs(at-time(w.seconds)) > 1e-6 || int(step) != w.step || !same(v, value(w.value)) {
			t.Errorf("%s: %v; wanted %v", what, got[i], w)
		}
	}
}

// inFolder finds a run among a tool's files: under its name, or one that ends in 8 digits of its hash.
func inFolder[V any](t *testing.T, all map[string]V, name, extension string) (string, V) {
	t.Helper()
	ending := fmt.Sprintf("-%x", sha256.Sum256([]byte(name)))[:9]
	for key, v := range all {
		if stem := strings.TrimSuffix(key, extension); stem == name || strings.HasSuffix(stem, ending) {
			return stem, v
		}
	}
	t.Fatalf("no %q among %q", name, slices.Sorted(maps.Keys(all)))
	panic("unreachable")
}

func (r *readBack) tensorBoard(t *testing.T, name string, h *history.History, status string) {
	folder, session := inFolder(t, r.HParams, name, "")
	seconds := func(s float64) float64 { return float64(created.UnixMilli())/1e3 + s }
	single := func(v float64) float64 { return float64(float32(v)) }
	for split, curves := range points(h) {
		run := r.TensorBoard[folder+"/"+split]
		wantKeys(t, "TensorBoard "+split, run.Scalars, curves)
		for key, want := range curves {
			wantCurve(t, "TensorBoard "+split+" "+key, run.Scalars[key], want, seconds, single)
			last := want[len(want)-1]
			if m := session.Metrics[split+": "+key]; m[0] != float64(last.step) || !same(parse(t, m[1]), single(last.value)) {
				t.Errorf("hyper-parameters: %s of %s is %v; wanted %v", key, split, m, last)
			}
		}
	}
	if session.Status != status {
		t.Errorf("TensorBoard has the status %s; wanted %s", session.Status, status)
	}
	want := map[string]any{
		"weighting": "Uncertainty{}", "optimizer": "Adam, learning rate 0.001", "seed": float64(1<<60 + 1), "steps": 40.0, "steps_per_epoch": 8.0,
		"batch_size": 32.0, "config/data": "scenes", "config/clip": 0.1, "config/resume": true, "config/widths": "[64,64]",
		"config/a_b-c14cddc0": "line\nbreak <&>", "config/empty": "null",
	}
	if !reflect.DeepEqual(session.HParams, want) {
		t.Errorf("hyper-parameters %v; wanted %v", session.HParams, want)
	}
	text := r.TensorBoard[folder].Text["settings"]
	for _, row := range []string{"| setting | value |\n|---|---|\n", "| seed | 1152921504606846977 |\n", "| config/a_b-c14cddc0 | line break <&> |\n",
		"| task/cls | classification |\n", `| backend | go \| simple |`, "| versions | github.com/gomlx/gomlx v0.28.2, go go1.26 |\n"} {
		if !strings.Contains(text, row) {
			t.Errorf("the text lacks %q:\n%s", row, text)
		}
	}
}

func (r *readBack) mlflow(t *testing.T, name string, h *history.History, status string) {
	run, found := r.MLflow[name]
	if !found {
		t.Fatalf("no MLflow run %q", name)
	}
	want := map[string][]point{}
	for split, curves := range points(h) {
		for key, curve := range curves {
			want[split+"/"+key] = curve
		}
	}
	wantKeys(t, "MLflow", run.Metrics, want)
	millis := func(s float64) float64 { return math.Floor(float64(created.UnixMilli()) + s*1000 + 1e-6) }
	for key, curve := range want {
		wantCurve(t, "MLflow "+key, run.Metrics[key], curve, millis, func(v float64) float64 { return v })
	}
	if run.Status != status || run.Experiment != "scenes" || run.Start != created.UnixMilli() || (run.End == nil) != (status == "RUNNING") {
		t.Errorf("MLflow run %+v; wanted status %s in scenes from %d", run, status, created.UnixMilli())
	}
	if run.End != nil && float64(*run.End) != millis(h.Records[len(h.Records)-1].Seconds) {
		t.Errorf("MLflow run ended at %d", *run.End)
	}
	params := map[string]string{
		"weighting": "Uncertainty{}", "optimizer": "Adam, learning rate 0.001", "seed": "1152921504606846977", "steps": "40", "steps_per_epoch": "8",
		"batch_size": "32", "config/data": "scenes", "config/clip": "0.1", "config/resume": "true", "config/widths": "[64,64]",
		"config/a_b-c14cddc0": "line\nbreak <&>", "config/empty": "null",
	}
	if !maps.Equal(run.Params, params) {
		t.Errorf("params %q; wanted %q", run.Params, params)
	}
	tags := map[string]string{
		"mlflow.runName": name, "mlflow.source.name": "gomtl", "mlflow.source.type": "LOCAL", "gomtl.task/cls": "classification",
		"gomtl.task/" + inFile(h.Run.Tasks[1].Name): "regression", "gomtl.backend": "go | simple", "gomtl.execution": "one step a call",
		"gomtl.versions": "github.com/gomlx/gomlx v0.28.2, go go1.26",
	}
	switch status {
	case "FAILED":
		tags["gomtl.error"] = "mtl: the loss is NaN"
	case "KILLED":
		tags["gomtl.error"] = "mtl: interrupted: context canceled"
	}
	if !maps.Equal(run.Tags, tags) {
		t.Errorf("tags %q; wanted %q", run.Tags, tags)
	}
}

func (r *readBack) csv(t *testing.T, name string, h *history.History) {
	_, table := inFolder(t, r.CSV, name, ".csv")
	for column, want := range map[string]string{"step": "int64", "epoch": "float64", "seconds": "float64", "value": "float64", "split": "str"} {
		if table.Types[column] != want {
			t.Errorf("column %s is %s; wanted %s", column, table.Types[column], want)
		}
	}
	got := map[string]map[string][]point{}
	for _, row := range table.Rows {
		if row[0] != name {
			t.Errorf("the run is %q", row[0])
		}
		step, seconds, epoch := parse(t, row[2]), parse(t, row[4]), parse(t, row[3])
		if epoch != step/8 {
			t.Errorf("epoch %v at step %v", epoch, step)
		}
		parts := []string{row[5]}
		for _, part := range row[6:8] {
			if part != "" {
				parts = append(parts, inFile(part))
			}
		}
		key := strings.Join(parts, "/")
		if got[row[1]] == nil {
			got[row[1]] = map[string][]point{}
		}
		got[row[1]][key] = append(got[row[1]][key], point{int(step), seconds, parse(t, row[8])})
	}
	want := points(h)
	wantKeys(t, "CSV", got, want)
	for split, curves := range want {
		wantKeys(t, "CSV "+split, got[split], curves)
		for key, curve := range curves {
			if !slices.EqualFunc(got[split][key], curve, func(a, b point) bool { return a.step == b.step && a.seconds == b.seconds && same(a.value, b.value) }) {
				t.Errorf("CSV %s %s: %v; wanted %v", split, key, got[split][key], curve)
			}
		}
	}
}
