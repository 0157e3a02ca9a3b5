package notebook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
	"github.com/gomtl/gomtl/plotting/notebook"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// planned is a study of five weights of two tasks; trial is one of them at a step.
func planned() *study.Study {
	s := &study.Study{Name: "weights <of> two", Split: history.Validation, Tasks: tasks}
	s.Objectives = study.Objectives(s.Tasks)
	for i := range 5 {
		s.Put(trial(i, 0))
	}
	return s
}

const trialSteps = 40

func trial(i, step int) *study.Trial {
	t := &study.Trial{Setting: study.Setting{Weights: map[string]float64{"ink": float64(int(1) << (2 * i))}, Seed: 1}, State: study.Pending, Steps: trialSteps}
	h := &history.History{Run: history.Run{Name: t.Name(), Tasks: tasks}}
	for k := 1; k <= step; k++ {
		h.Records = append(h.Records, history.Record{Step: k, Split: history.Validation, Loss: map[string]float64{
			"digit": 1/float64(k) + 0.1*float64(i), "ink": 1/float64(k) + 0.5/float64(i+1),
		}})
	}
	if step > 0 {
		t.State = study.Running
		t.Follow(h, history.Validation)
	}
	if step == trialSteps {
		t.State = study.Done
	}
	return t
}

var tasks = []history.Task{{Name: "digit"}, {Name: "ink"}}

// TestLiveSweep watches a sweep of more than two seconds, in which observers must not wait.
func TestLiveSweep(t *testing.T) {
	live := &notebook.LiveSweep{}
	s := planned()
	var slowest time.Duration
	sent := jupyter.during(func() {
		live.Begin(planned())
		for i := range 5 {
			for step := 1; step <= trialSteps; step++ {
				time.Sleep(12 * time.Millisecond)
				began := time.Now()
				live.Update(trial(i, step))
				live.Progress(i*trialSteps+step, 5*trialSteps, 1, 2)
				slowest = max(slowest, time.Since(began))
			}
			s.Put(trial(i, trialSteps))
		}
		live.End(s, nil)
	})
	if slowest > 200*time.Millisecond {
		t.Errorf("an update took %v", slowest)
	}
	id := sent[0].DisplayID
	frames := slices.IndexFunc(sent, func(d *protocol.DisplayData) bool { return d.DisplayID != id })
	if frames < 3 || frames > 7 {
		t.Fatalf("%d live messages; wanted about four in 2.4 s", frames)
	}
	html := func(i int) string { text, _ := sent[i].Data[protocol.MIMETextHTML].(string); return text }
	if first, live := html(0), html(frames-2); !strings.Contains(first, "compiled once") || !strings.Contains(live, "<progress") || !strings.Contains(live, " of 5 trials") ||
		strings.Count(live, "<img ") != 2 {
		t.Errorf("the live frames are not a progress line and two figures: %.300s ... %.300s", first, live)
	}
	if last := html(frames - 1); !strings.Contains(last, "weights &lt;of&gt; two: 5 of 5 trials in 0:01 · chosen ink ") || strings.Contains(last, "<img") {
		t.Errorf("the live area ends as %.300s", last)
	}
	if table := html(frames); !strings.Contains(table, "<table") || !strings.Contains(table, "ink 256") {
		t.Errorf("no table follows: %.300s", table)
	}
	final := sent[frames+1:]
	if len(final) != 3 { // trade-off, choice, losses
		t.Fatalf("%d figures follow; wanted 3", len(final))
	}
	for _, d := range final {
		page, _ := d.Data[protocol.MIMETextHTML].(string)
		png, _ := d.Data[protocol.MIMEImagePNG].([]byte)
		text, _ := d.Data[protocol.MIMETextPlain].(string)
		if !strings.Contains(page, "<area ") || !strings.HasPrefix(string(png), "\x89PNG") || !strings.Contains(text, "ink") {
			t.Errorf("a figure is not HTML with an image map, PNG and text: %.100s %.4q %s", page, png, text)
		}
		if _, both := d.Data[protocol.MIMEImageSVG]; both {
			t.Error("a figure that hovers is there twice, as HTML and as SVG")
		}
	}
}

func TestLiveSweepOfOwnFigures(t *testing.T) {
	live := &notebook.LiveSweep{Figures: []plotting.SweepPlot{plotting.Response{}, plotting.Simplex{}}} // two tasks have no simplex
	s := planned()
	for i := range 5 {
		s.Put(trial(i, trialSteps))
	}
	sent := jupyter.during(func() {
		live.Begin(planned())
		live.Progress(200, 200, 1, 0)
		live.End(s, errors.New("interrupted <here>"))
		live.End(s, nil) // a second call does nothing
	})
	last := sent[len(sent)-1]
	if text := fmt.Sprint(last.Data[protocol.MIMETextPlain]); !strings.HasPrefix(text, "Results by weight of ink") {
		t.Errorf("the last display is %.100q; wanted the response", text)
	}
	if line := fmt.Sprint(sent[len(sent)-3].Data[protocol.MIMETextHTML]); !strings.Contains(line, "interrupted &lt;here&gt;") || !strings.Contains(line, "border-left") {
		t.Errorf("the line does not say why the sweep stopped: %q", line)
	}
}

func TestLiveSweepThatDoesNotBegin(t *testing.T) {
	live := &notebook.LiveSweep{}
	sent := jupyter.during(func() {
		live.Begin(planned())
		live.End(planned(), errors.New("the folder holds another study"))
	})
	if last := fmt.Sprint(sent[len(sent)-1].Data[protocol.MIMETextHTML]); !strings.Contains(last, "the folder holds another study") || strings.Contains(last, "<img") {
		t.Errorf("the last display does not say why: %.300s", last)
	}
	gonbui.IsNotebook = false // outside a notebook nothing happens
	live.Begin(planned())
	live.Update(trial(1, 2))
	live.Progress(1, 2, 1, 1)
	live.End(planned(), nil)
}

// ExampleLiveSweep watches a sweep of one's own; sweep.Run makes the same calls.
func ExampleLiveSweep() {
	live := &notebook.LiveSweep{Figures: []plotting.SweepPlot{plotting.TradeOff{}, plotting.SweepLosses{Log: true}}}
	s := planned()
	live.Begin(s)
	for i := range 5 {
		live.Update(trial(i, trialSteps))
		live.Progress((i+1)*trialSteps, 5*trialSteps, 1, 0)
	}
	live.End(s, nil)
	// Output:
}
