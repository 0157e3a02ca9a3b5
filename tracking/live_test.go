package tracking_test

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/tracking"
)

var eventFile = regexp.MustCompile(`events\.out\.tfevents\.\d{10}\.[^/]+\.gomtl$`)

// filesOf is a tree without what differs from one writing of a run to the next: names of event files, the folder's own path, times of files.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for path, content := range tree(t, dir) {
		content = strings.ReplaceAll(content, dir, "DIR")
		if strings.Count(path, "/") < 3 && strings.HasSuffix(path, "meta.yaml") {
			content = regexp.MustCompile(`_time: \d+`).ReplaceAllString(content, "_time: 0") // of the experiment
		}
		files[eventFile.ReplaceAllString(path, "events")] = content
	}
	return files
}

func wantFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	wantKeys(t, "files", got, want)
	for path, content := range want {
		if got[path] != content {
			t.Errorf("%s:\n%.600q\nwanted\n%.600q", path, got[path], content)
		}
	}
}

// A run that is resumed, in the same process or another, after records that are lost or not, is there as if it had been written once.
func TestStartsAnew(t *testing.T) {
	whole := exampleRun("digits", 40)
	want := t.TempDir()
	follow(whole, nil, writers(want))
	lost := exampleRun("digits", 28)
	lost.Records = append(lost.Records, history.Record{Step: 28, Split: history.Test, Loss: map[string]float64{"other": 1}})

	dir := t.TempDir()
	to := writers(dir)
	follow(lost, fmt.Errorf("interrupted: %w", context.Canceled), to)
	for path, content := range map[string]string{"tensorboard/digits/mine": "note", "tensorboard/digits/train/events.out.tfevents.1.host.2": ""} {
		check(t, os.WriteFile(filepath.Join(dir, path), []byte(content), 0o666))
	}
	follow(whole, nil, to)
	got := filesOf(t, dir)
	for _, path := range []string{"tensorboard/digits/mine", "tensorboard/digits/train/events.out.tfevents.1.host.2"} {
		if _, kept := got[path]; !kept {
			t.Errorf("%s is gone, and was not gomtl's", path)
		}
		delete(got, path)
	}
	wantFiles(t, got, filesOf(t, want))

	follow(lost, errors.New("failed"), writers(dir))
	follow(whole, nil, writers(dir))
	check(t, os.Remove(filepath.Join(dir, "tensorboard/digits/mine")))
	check(t, os.Remove(filepath.Join(dir, "tensorboard/digits/train/events.out.tfevents.1.host.2")))
	wantFiles(t, filesOf(t, dir), filesOf(t, want))
}

// Records are there a second later, in whole lines and events, whether the run ends or not.
func TestWrittenEverySecond(t *testing.T) {
	h := exampleRun("digits", 40)
	half := exampleRun("digits", 20)
	want := t.TempDir()
	for _, w := range writers(want) {
		check(t, tracking.Export(half, w))
	}
	for name, tick := range map[string]func(w tracking.Writer){
		"Progress": func(w tracking.Writer) { w.Progress(20, 40, 2) },
		"Record":   nil, // the last one is the one that is a second late
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				for _, w := range writers(dir) {
					w.Begin(h.Run)
					for i, r := range half.Records {
						if tick == nil && i == len(half.Records)-1 {
							time.Sleep(time.Second)
						}
						w.Record(r)
					}
					if tick != nil {
						time.Sleep(time.Second)
						tick(w)
					}
					check(t, w.Err())
				}
			})
			wantFiles(t, filesOf(t, dir), filesOf(t, want))
		})
	}
}

const childDir = "TRACKING_TEST_CHILD_DIR"

func endless(step int) history.Record {
	return history.Record{Step: step, Split: history.Train, Seconds: float64(step) / 8, Loss: map[string]float64{"cls": float64(step)}}
}

// TestChild writes a run without an end; it does nothing in an ordinary run of the tests.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("only as a child of TestKilled")
	}
	to := writers(dir)
	for _, w := range to {
		w.Begin(exampleRun("endless", 0).Run)
	}
	for step := 1; ; step++ {
		for _, w := range to {
			w.Record(endless(step))
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func TestKilled(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestChild$")
	child.Env = append(os.Environ(), childDir+"="+dir)
	check(t, child.Start())
	table := filepath.Join(dir, "csv", "endless.csv")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(table); err == nil && info.Size() > 1000 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the child has written nothing for a minute")
		}
	}
	time.Sleep(300 * time.Millisecond) // between two writes: the kernel may cut one of many pages short
	check(t, child.Process.Kill())
	_ = child.Wait() // "signal: killed"

	files := tree(t, dir)
	rows, err := csv.NewReader(strings.NewReader(files["csv/endless.csv"])).ReadAll()
	check(t, err)
	for i, row := range rows[1:] {
		if len(row) != 9 || row[2] != fmt.Sprint(i+1) || row[8] != fmt.Sprint(i+1) {
			t.Fatalf("row %d is %q", i+1, row)
		}
	}
	seen := 0
	for path, content := range files {
		switch {
		case strings.HasSuffix(path, "/metrics/train/loss/cls"):
			lines := strings.Split(content, "\n")
			for i, line := range lines[:len(lines)-1] {
				if want := fmt.Sprintf("%d %d %d", created.UnixMilli()+int64(i+1)*125, i+1, i+1); line != want {
					t.Fatalf("line %d is %q; wanted %q", i+1, line, want)
				}
			}
			if lines[len(lines)-1] != "" {
				t.Errorf("a line is cut: %q", lines[len(lines)-1])
			}
			seen = len(lines) - 1
		case eventFile.MatchString(path):
			for data := []byte(content); len(data) > 0; {
				if len(data) < 16 || len(data) < 16+int(binary.LittleEndian.Uint64(data)) {
					t.Fatalf("%s: an event is cut", path)
				}
				end := 12 + binary.LittleEndian.Uint64(data)
				crc := crc32.Checksum(data[12:end], crc32.MakeTable(crc32.Castagnoli))
				if got := binary.LittleEndian.Uint32(data[end:]) - 0xa282ead8; got != crc>>15|crc<<17 {
					t.Fatalf("%s: an event has the wrong checksum", path)
				}
				data = data[end+4:]
			}
		}
	}
	if seen == 0 || len(rows) == 1 {
		t.Errorf("%d lines for MLflow and %d rows of CSV", seen, len(rows))
	}
}

// A run that mtl.Fit trains, interrupted and resumed, is written as its folder is exported.
func TestFit(t *testing.T) {
	inputs, class, sum := make([][]float32, 64), make([]int32, 64), make([]float32, 64)
	for i := range inputs {
		inputs[i] = []float32{float32(i%7) - 3, float32(i%5) - 2}
		sum[i] = inputs[i][0] + inputs[i][1]
		if sum[i] > 0 {
			class[i] = 1
		}
	}
	split := &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromValue(inputs)},
		Labels: map[string]*tensors.Tensor{"class": tensors.FromValue(class), "sum": tensors.FromValue(sum)},
	}
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}, Tasks: []mtl.Task{mtl.Classification("class", 2), mtl.Regression("sum", 1)}}
	live, folder := t.TempDir(), filepath.Join(t.TempDir(), "run")
	fit := func(ctx context.Context, stop mtl.Observer) error {
		observers := []mtl.Observer{stop}
		to := writers(live)
		for _, w := range to {
			observers = append(observers, w)
		}
		_, err := mtl.Fit(ctx, m, mtl.Data{Train: split, Validation: split}, mtl.FitOptions{
			Backend: backendtest.Go(t), Steps: 40, BatchSize: 16, StepsPerCall: 1, RecordEvery: 3, SaveEvery: 5, RunDir: folder, Observers: observers,
			Log: slog.New(slog.DiscardHandler), Config: map[string]any{"data": "sums", "widths": []int{4}, "rate": float32(0.1)},
		})
		for _, w := range to {
			check(t, w.Err())
		}
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := fit(ctx, &stopAt{step: 23, stop: cancel}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := statusIn(t, live); got != "status: 5" {
		t.Errorf("the interrupted run has %s; wanted KILLED, 5", got)
	}
	check(t, fit(t.Context(), &stopAt{}))

	exported := t.TempDir()
	_, err := tracking.ExportFolders([]string{folder}, writers(exported)...)
	check(t, err)
	got, want := filesOf(t, live), filesOf(t, exported)
	for _, files := range []map[string]string{got, want} {
		maps.DeleteFunc(files, func(path, _ string) bool {
			// Only the live run knows how long it went on after its last record, which both of these say.
			return path == "tensorboard/run/events" || strings.Count(path, "/") == 3 && strings.HasSuffix(path, "meta.yaml")
		})
	}
	wantFiles(t, got, want)
	for _, dir := range []string{live, exported} {
		if got := statusIn(t, dir); got != "status: 3" {
			t.Errorf("the run has %s; wanted FINISHED, 3", got)
		}
	}
	if len(got) < 20 {
		t.Errorf("%d files only", len(got))
	}
}

func statusIn(t *testing.T, dir string) string {
	t.Helper()
	metas, err := filepath.Glob(filepath.Join(dir, "mlruns/*/*/meta.yaml"))
	check(t, err)
	if len(metas) != 1 {
		t.Fatalf("%d runs in MLflow: %q", len(metas), metas)
	}
	data, err := os.ReadFile(metas[0])
	check(t, err)
	return regexp.MustCompile(`status: \d`).FindString(string(data))
}

// stopAt interrupts a run after a step.
type stopAt struct {
	step int
	stop func()
}

func (*stopAt) Begin(history.Run)     {}
func (*stopAt) Record(history.Record) {}
func (s *stopAt) Progress(step, _ int, _ float64) {
	if step == s.step {
		s.stop()
	}
}
func (*stopAt) End(error) {}
