package history_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/gomlx/ui/plot"
	"github.com/gomtl/gomtl/mtl/history"
)

var run = history.Run{
	Name: "a run", Created: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Steps: 40, Seed: 7,
	Tasks: []history.Task{{Name: "left", Kind: "classification", Classes: []string{"0", "1"}, Metrics: []history.Metric{{Name: "accuracy", HigherIsBetter: true}}}},
}

func record(step int, split string) history.Record {
	return history.Record{
		Step: step, Split: split, Epoch: float64(step) / 8, Seconds: 0.1 * float64(step), LearningRate: 1e-3,
		// A float32's value needs all digits to come back bitwise equal.
		Loss:   map[string]float64{"left": float64(float32(1) / float32(step)), "ink": 0},
		Weight: map[string]float64{"left": 1, "ink": 0.5},
		Metric: map[string]map[string]float64{"left": {"accuracy": 0.75}},
	}
}

func write(t *testing.T, dir string, records ...history.Record) {
	t.Helper()
	w, err := history.Create(dir, run)
	check(t, err)
	for _, r := range records {
		check(t, w.Append(r))
	}
	check(t, w.Close())
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

func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "run")
	want := &history.History{Run: run, Records: []history.Record{record(3, history.Train), record(3, history.Validation), record(6, history.Train)}}
	write(t, dir, want.Records...)
	got, err := history.Load(dir)
	check(t, err)
	if !reflect.DeepEqual(got.Run, want.Run) || !reflect.DeepEqual(got.Records, want.Records) {
		t.Errorf("read back\n%+v\nwanted\n%+v", got, want)
	}
}

// JSON has neither NaN nor infinities, and a resumed run must have both as they were.
func TestValuesThatAreNotFinite(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, history.Record{
		Step: 1, Split: history.Test,
		Loss:   map[string]float64{"left": math.NaN(), "ink": 1},
		Weight: map[string]float64{"left": math.Inf(1)},
		Metric: map[string]map[string]float64{"left": {"accuracy": math.Inf(-1), "macro-f1": 0.5}},
	})
	text, err := os.ReadFile(filepath.Join(dir, history.RecordsFile))
	check(t, err)
	if !strings.Contains(string(text), `"loss":{"ink":1,"left":null}`) || !strings.Contains(string(text), `"weight":{"left":"Infinity"}`) {
		t.Errorf("history.jsonl holds %s", text)
	}
	h, err := history.Load(dir)
	check(t, err)
	r := h.Records[0]
	if !math.IsNaN(r.Loss["left"]) || !math.IsInf(r.Weight["left"], 1) || !math.IsInf(r.Metric["left"]["accuracy"], -1) {
		t.Errorf("read back %v, %v and %v; wanted NaN, +Inf and -Inf", r.Loss["left"], r.Weight["left"], r.Metric["left"]["accuracy"])
	}
	if r.Loss["ink"] != 1 || r.Metric["left"]["macro-f1"] != 0.5 {
		t.Errorf("finite values changed: %+v", r)
	}
	points, err := plot.LoadPoints(filepath.Join(dir, history.PointsFile))
	check(t, err)
	if len(points) != 2 {
		t.Errorf("%d points; wanted the 2 finite ones: %v", len(points), points)
	}
}

// GoMLX's own loader reads the points.
func TestPointsLoadInGoMLX(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, record(4, history.Train), record(4, history.Validation))
	got, err := plot.LoadPointsFromCheckpoint(dir)
	check(t, err)
	want := []plot.Point{
		{MetricName: "Train: loss/ink", Short: "T/loss/ink", MetricType: "loss", Step: 4, Value: 0},
		{MetricName: "Train: loss/left", Short: "T/loss/left", MetricType: "loss", Step: 4, Value: 0.25},
		{MetricName: "Train: weight/ink", Short: "T/weight/ink", MetricType: "weight", Step: 4, Value: 0.5},
		{MetricName: "Train: weight/left", Short: "T/weight/left", MetricType: "weight", Step: 4, Value: 1},
		{MetricName: "Train: accuracy/left", Short: "T/accuracy/left", MetricType: "accuracy", Step: 4, Value: 0.75},
		{MetricName: "loss/ink on validation", Short: "loss/ink(val)", MetricType: "loss", Step: 4, Value: 0},
		{MetricName: "loss/left on validation", Short: "loss/left(val)", MetricType: "loss", Step: 4, Value: 0.25},
		{MetricName: "weight/ink on validation", Short: "weight/ink(val)", MetricType: "weight", Step: 4, Value: 0.5},
		{MetricName: "weight/left on validation", Short: "weight/left(val)", MetricType: "weight", Step: 4, Value: 1},
		{MetricName: "accuracy/left on validation", Short: "accuracy/left(val)", MetricType: "accuracy", Step: 4, Value: 0.75},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwanted %v", got, want)
	}
}

func TestKilledRun(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, record(1, history.Train), record(2, history.Train))
	path := filepath.Join(dir, history.RecordsFile)
	whole, err := os.ReadFile(path)
	check(t, err)
	for cut := range len(whole) {
		check(t, os.WriteFile(path, whole[:cut], 0o666))
		h, err := history.Load(dir)
		check(t, err)
		want := strings.Count(string(whole[:cut]), "\n")
		if len(h.Records) != want {
			t.Fatalf("cut after %d of %d bytes: %d records; wanted %d", cut, len(whole), len(h.Records), want)
		}
	}
	h, err := history.Load(dir)
	check(t, err)
	w, err := history.Resume(dir, h, 1)
	check(t, err)
	check(t, w.Append(record(3, history.Train)))
	check(t, w.Close())
	h2, err := history.Load(dir)
	check(t, err)
	if len(h2.Records) != len(h.Records)+1 {
		t.Errorf("%d records after one more than %d", len(h2.Records), len(h.Records))
	}
}

func TestBadLine(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, record(1, history.Train), record(2, history.Train))
	path := filepath.Join(dir, history.RecordsFile)
	whole, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(path, []byte(strings.Replace(string(whole), `{"step":2`, `{"step":two`, 1)), 0o666))
	_, err = history.Load(dir)
	wantError(t, err, path+":2", "no record")
}

// Every change of the files is found: a bit, a line that is missing, doubled or in another place. What is
// cut off at the end is not, for a killed run looks like that; Sum tells.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, record(1, history.Train), record(2, history.Train), record(2, history.Validation))
	for _, name := range []string{history.RunFile, history.RecordsFile} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		check(t, err)
		for at := range whole {
			bad := bytes.Clone(whole)
			bad[at] ^= 1 << (at % 8)
			check(t, os.WriteFile(path, bad, 0o666))
			h, err := history.Load(dir)
			if err == nil && !(at == len(whole)-1 && len(h.Records) == 2) { // the last line's end: it is dropped
				t.Errorf("%s: nothing is wrong with byte %d changed", name, at)
			}
		}
		check(t, os.WriteFile(path, whole, 0o666))
	}
	path := filepath.Join(dir, history.RecordsFile)
	whole, err := os.ReadFile(path)
	check(t, err)
	lines := strings.SplitAfter(string(whole), "\n")
	for what, bad := range map[string][]string{
		"a missing line": {lines[0], lines[2]}, "a doubled line": {lines[0], lines[1], lines[1], lines[2]}, "two lines swapped": {lines[1], lines[0], lines[2]},
		"null": {lines[0], "null\n"}, "no checksum": {`{"step":1,"split":"train","loss":{}}` + "\n"}, "an empty line": {lines[0], "\n", lines[1]},
		"an unknown field": {strings.Replace(lines[0], `"split"`, `"more":1,"split"`, 1)},
	} {
		check(t, os.WriteFile(path, []byte(strings.Join(bad, "")), 0o666))
		if _, err := history.Load(dir); err == nil || !strings.Contains(err.Error(), path+":") {
			t.Errorf("%s: %v; wanted an error that names the line", what, err)
		}
	}
}

// The checksum that the writer tells is the one that Load finds, over a resume too.
func TestSum(t *testing.T) {
	dir := t.TempDir()
	w, err := history.Create(dir, run)
	check(t, err)
	sums := map[int]string{}
	add := func(r history.Record) {
		check(t, w.Append(r))
		check(t, w.Sync())
		count, sum := w.Written()
		sums[count] = sum
	}
	add(record(1, history.Train))
	add(record(2, history.Train))
	check(t, w.Close())
	h, err := history.Load(dir)
	check(t, err)
	w, err = history.Resume(dir, h, 1)
	check(t, err)
	add(record(3, history.Validation))
	add(record(4, history.Train))
	check(t, w.Close())
	h, err = history.Load(dir)
	check(t, err)
	for n, want := range sums {
		if got := h.Sum(n); got != want || len(want) != 8 {
			t.Errorf("the checksum of %d records is %q; wanted %q", n, got, want)
		}
	}
	if h.Sum(4) != "" || h.Sum(-1) != "" || h.Sum(0) != "00000000" {
		t.Errorf("checksums of 4, -1 and 0 of 3 records: %q, %q, %q", h.Sum(4), h.Sum(-1), h.Sum(0))
	}
	_, err = history.Resume(dir, h, 4)
	wantError(t, err, "3 records")
}

func TestFolderThatVanishes(t *testing.T) {
	for what, remove := range map[string]func(dir string) error{
		"removed":  os.RemoveAll,
		"replaced": func(dir string) error { return os.WriteFile(filepath.Join(dir, "x"), nil, 0o666) },
	} {
		dir := filepath.Join(t.TempDir(), "run")
		w, err := history.Create(dir, run)
		check(t, err)
		check(t, w.Append(record(1, history.Train)))
		check(t, w.Sync())
		if what == "replaced" {
			check(t, os.Remove(filepath.Join(dir, history.RecordsFile)))
			check(t, os.WriteFile(filepath.Join(dir, history.RecordsFile), nil, 0o666))
		}
		check(t, remove(dir))
		check(t, w.Append(record(2, history.Train)))
		wantError(t, w.Sync(), history.RecordsFile, "removed or replaced")
		check(t, w.Close())
	}
}

func TestResumeEqualsUninterrupted(t *testing.T) {
	straight, broken := t.TempDir(), t.TempDir()
	all := []history.Record{record(2, history.Train), record(4, history.Train), record(4, history.Validation), record(6, history.Train)}
	write(t, straight, all...)

	write(t, broken, append(append([]history.Record{}, all[:3]...), record(5, history.Train))...)
	h, err := history.Load(broken)
	check(t, err)
	w, err := history.Resume(broken, h, 3)
	check(t, err)
	if !reflect.DeepEqual(h.Records, all[:3]) {
		t.Errorf("kept %+v", h.Records)
	}
	check(t, w.Append(all[3]))
	check(t, w.Close())
	for _, name := range []string{history.RunFile, history.RecordsFile, history.PointsFile} {
		want, err := os.ReadFile(filepath.Join(straight, name))
		check(t, err)
		got, err := os.ReadFile(filepath.Join(broken, name))
		check(t, err)
		if string(got) != string(want) {
			t.Errorf("%s differs:\n%s\nwanted\n%s", name, got, want)
		}
	}
	entries, err := os.ReadDir(broken)
	check(t, err)
	if len(entries) != 3 {
		t.Errorf("the folder holds %v; wanted three files", entries)
	}
}

func TestFlushReachesTheFile(t *testing.T) {
	dir := t.TempDir()
	w, err := history.Create(dir, run)
	check(t, err)
	check(t, w.Append(record(1, history.Train)))
	check(t, w.Flush())
	h, err := history.Load(dir)
	check(t, err)
	if len(h.Records) != 1 {
		t.Errorf("%d records after Flush; wanted 1", len(h.Records))
	}
	check(t, w.Close())
}

func TestBadFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o666))
	_, err := history.Create(file, run)
	wantError(t, err, "cannot make the run folder", file, "not a directory")
	_, err = history.Load(file)
	wantError(t, err, file)
	_, err = history.Load(dir)
	wantError(t, err, dir, "holds no run", "history.jsonl")
	_, err = history.Load(filepath.Join(dir, "none"))
	wantError(t, err, "holds no run")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}

	full := filepath.Join(dir, "run")
	write(t, full)
	_, err = history.Create(full, run)
	wantError(t, err, full, "holds a run already")
	check(t, os.Remove(filepath.Join(full, history.RecordsFile)))
	_, err = history.Load(full)
	wantError(t, err, full, "records cannot be read")
	check(t, os.WriteFile(filepath.Join(full, history.RunFile), []byte("{"), 0o666))
	_, err = history.Load(full)
	wantError(t, err, history.RunFile, "no description of a run")
}

// Files linked to /dev/full accept no byte.
func TestFullDisk(t *testing.T) {
	for _, name := range []string{history.RecordsFile, history.PointsFile} {
		dir := t.TempDir()
		check(t, os.Symlink("/dev/full", filepath.Join(dir, name)))
		w, err := history.Create(dir, run)
		check(t, err)
		check(t, w.Append(record(1, history.Train)))
		err = w.Flush()
		wantError(t, err, name, "no space left")
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v is not ENOSPC", err)
		}
		wantError(t, w.Close(), "no space left")
	}
	dir := t.TempDir()
	check(t, os.Symlink("/dev/full", filepath.Join(dir, history.RunFile+".tmp")))
	_, err := history.Create(dir, run)
	wantError(t, err, history.RunFile, "no space left")
}

func TestTableOfSeveralRuns(t *testing.T) {
	a := &history.History{Run: run, Records: []history.Record{record(2, history.Train), record(2, history.Test)}}
	b := &history.History{Run: history.Run{Tasks: []history.Task{{Name: "a|b"}}}}
	want := strings.TrimLeft(`
| task | metric     | a run (test) | run 2 |
| ---- | ---------- | -----------: | ----: |
| left | loss ↓     |          0.5 |     – |
| left | accuracy ↑ |         0.75 |     – |
| a\|b | loss ↓     |            – |     – |
`, "\n")
	if got := history.Table(a, b); got != want {
		t.Errorf("got\n%s\nwanted\n%s", got, want)
	}
}
