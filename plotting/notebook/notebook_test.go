package notebook_test

import (
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting"
	"github.com/gomtl/gomtl/plotting/notebook"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// kernel stands for GoNB's: it reads the pipe that a cell's program writes to and answers Sync.
type kernel struct {
	mu   sync.Mutex
	sent []*protocol.DisplayData
}

var jupyter kernel

// TestMain opens the two pipes that the GoNB kernel gives to a cell's program.
func TestMain(m *testing.M) {
	code, err := withKernel(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func withKernel(run func() int) (int, error) {
	dir, err := os.MkdirTemp("", "gonb")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{protocol.GONB_PIPE_ENV, protocol.GONB_PIPE_BACK_ENV} {
		path := filepath.Join(dir, name)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			return 0, err
		}
		if err := os.Setenv(name, path); err != nil {
			return 0, err
		}
	}
	go jupyter.serve()
	return run(), nil
}

func (k *kernel) serve() {
	in, err := os.Open(os.Getenv(protocol.GONB_PIPE_ENV))
	if err != nil {
		panic(err)
	}
	out, err := os.OpenFile(os.Getenv(protocol.GONB_PIPE_BACK_ENV), os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	decoder, encoder := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		data := &protocol.DisplayData{}
		if decoder.Decode(data) != nil {
			return
		}
		if request, ok := data.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
			if encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: request.Value}) != nil {
				return
			}
			continue
		}
		k.mu.Lock()
		k.sent = append(k.sent, data)
		k.mu.Unlock()
	}
}

// during runs f as a cell and returns what it displayed.
func (k *kernel) during(f func()) []*protocol.DisplayData {
	k.mu.Lock()
	k.sent = nil
	k.mu.Unlock()
	gonbui.IsNotebook = true
	defer func() { gonbui.IsNotebook = false }()
	f()
	gonbui.Sync()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sent
}

var run = history.Run{Name: "test", Steps: 1000, Tasks: []history.Task{{Name: "left <digit>"}, {Name: "ink"}}}

func record(step int) history.Record {
	return history.Record{Step: step, Split: history.Train, Loss: map[string]float64{"left <digit>": 2 / float64(step), "ink": 0.5}}
}

func TestShow(t *testing.T) {
	figure := plotting.Losses{}.Figure(&history.History{Run: run, Records: []history.Record{record(1), record(2)}})
	sent := jupyter.during(func() {
		if err := notebook.Show(figure); err != nil {
			t.Error(err)
		}
	})
	if len(sent) != 1 {
		t.Fatalf("%d messages were sent, want 1", len(sent))
	}
	checkBundle(t, sent[0])
}

func checkBundle(t *testing.T, data *protocol.DisplayData) {
	t.Helper()
	if svg, _ := data.Data[protocol.MIMEImageSVG].(string); !strings.Contains(svg, "<svg ") {
		t.Errorf("image/svg+xml is no SVG document: %.60q", svg)
	}
	if png, _ := data.Data[protocol.MIMEImagePNG].([]byte); !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("image/png is no PNG: %.10q", png)
	}
	if text, _ := data.Data[protocol.MIMETextPlain].(string); !strings.Contains(text, "ink") {
		t.Errorf("text/plain does not name the tasks: %q", text)
	}
	if size, _ := data.Metadata[string(protocol.MIMEImagePNG)].(map[string]int); size["width"] < 300 {
		t.Errorf("the PNG's size on the page is missing: %v", data.Metadata)
	}
}

func TestShowOfAnError(t *testing.T) {
	bad := plotting.Confusion{}.Figure([][]float64{{1, 2}}, nil)
	var err error
	sent := jupyter.during(func() { err = notebook.Show(bad) })
	if err == nil {
		t.Error("no error for a ragged matrix")
	}
	if html, _ := sent[0].Data[protocol.MIMETextHTML].(string); !strings.Contains(html, "confusion matrix") {
		t.Errorf("the cell does not show the error: %q", html)
	}
}

func TestTable(t *testing.T) {
	sent := jupyter.during(func() {
		if err := notebook.Table(plotting.Table{Header: []string{"task", "accuracy"}, Rows: [][]any{{"a < b", 0.98765}, {"c", math.NaN()}}}); err != nil {
			t.Error(err)
		}
	})
	html, _ := sent[0].Data[protocol.MIMETextHTML].(string)
	text, _ := sent[0].Data[protocol.MIMETextPlain].(string)
	for _, want := range []string{"a &lt; b", "0.9877", "–"} {
		if !strings.Contains(html, want) {
			t.Errorf("the table has no %q: %s", want, html)
		}
	}
	if !strings.Contains(text, "a < b    0.9877") {
		t.Errorf("the text has no aligned row: %s", text)
	}
}

// TestLive watches a run of more than two seconds.
func TestLive(t *testing.T) {
	live := &notebook.Live{}
	const steps = 440
	var took time.Duration
	sent := jupyter.during(func() {
		start := time.Now()
		live.Begin(run)
		for step := 1; step <= steps; step++ {
			time.Sleep(5 * time.Millisecond)
			live.Record(record(step))
			live.Progress(step, steps, float64(step)*0.005)
		}
		took = time.Since(start)
		live.End(nil)
	})
	frames, final := sent[:len(sent)-1], sent[len(sent)-1]
	if pictures := float64(len(frames) - 1); pictures < 2*took.Seconds() || pictures > 3*took.Seconds()+1 {
		t.Errorf("%g live pictures in %v, want two or three a second", pictures, took)
	}
	id := frames[0].DisplayID
	for i, frame := range frames {
		html, _ := frame.Data[protocol.MIMETextHTML].(string)
		if frame.DisplayID != id || id == "" {
			t.Errorf("frame %d goes to the area %q, want %q", i, frame.DisplayID, id)
		}
		if last := i == len(frames)-1; last == strings.Contains(html, `<img alt="`) {
			t.Errorf("frame %d: a live frame has a picture, the line that replaces it has none: %.200s", i, html)
		}
		if i > 0 && !strings.Contains(html, "left &lt;digit&gt; <b>") {
			t.Errorf("frame %d has no loss of the first task: %.400s", i, html)
		}
	}
	if html := frames[2].Data[protocol.MIMETextHTML].(string); !strings.Contains(html, "<progress") || !strings.Contains(html, " of 440") || !strings.Contains(html, "left") {
		t.Errorf("a live frame has no progress line: %.400s", html)
	}
	checkBundle(t, final)
	if text := final.Data[protocol.MIMETextPlain].(string); !strings.Contains(text, "test: 440 steps in 0:02") {
		t.Errorf("the final text does not say how the run ended: %q", text)
	}
}

func TestLiveOfAFailedRun(t *testing.T) {
	live := &notebook.Live{}
	sent := jupyter.during(func() {
		live.Begin(run)
		live.Record(record(7))
		live.Progress(7, 1000, 0.1)
		live.End(errors.New("loss of ink is NaN"))
		live.End(nil) // a second call does nothing
	})
	line := sent[len(sent)-2].Data[protocol.MIMETextHTML].(string)
	if !strings.Contains(line, "stopped at step 7 of 1,000") || !strings.Contains(line, "loss of ink is NaN") {
		t.Errorf("the line does not say why the run stopped: %q", line)
	}
	checkBundle(t, sent[len(sent)-1])
}

func TestLiveOfARunThatDoesNotBegin(t *testing.T) {
	live := &notebook.Live{}
	sent := jupyter.during(func() {
		live.Begin(run)
		live.End(errors.New("the checkpoint is corrupt"))
	})
	last := sent[len(sent)-1].Data
	if line, _ := last[protocol.MIMETextHTML].(string); !strings.Contains(line, "the checkpoint is corrupt") {
		t.Errorf("the last display does not say why: %v", last)
	}
}

func TestOutsideANotebook(t *testing.T) {
	gonbui.IsNotebook = false
	live := &notebook.Live{}
	live.Begin(run)
	live.Record(record(1))
	live.Progress(1, 10, 1)
	live.End(nil)
	if err := notebook.Show(plotting.Losses{}.Figure(&history.History{Run: run})); err != nil {
		t.Error(err)
	}
	if err := notebook.Table(plotting.Table{}); err != nil {
		t.Error(err)
	}
}

// ExampleLive watches a training loop of one's own; mtl.Fit makes the same calls.
func ExampleLive() {
	live := &notebook.Live{Losses: plotting.Losses{Log: true}}
	live.Begin(history.Run{Steps: 100, Tasks: []history.Task{{Name: "digit"}}})
	for step := 1; step <= 100; step++ {
		live.Record(history.Record{Step: step, Split: history.Train, Loss: map[string]float64{"digit": 1 / float64(step)}})
		live.Progress(step, 100, 0.01*float64(step))
	}
	live.End(nil)
	// Output:
}
