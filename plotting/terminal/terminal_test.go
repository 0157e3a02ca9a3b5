package terminal_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting/terminal"
)

// ExampleBar shows the plain lines of an output that is no terminal: one at once, one each five seconds, one at the end.
func ExampleBar() {
	bar := &terminal.Bar{Writer: os.Stdout}
	bar.Begin(history.Run{Name: "digits", Steps: 3, Tasks: []history.Task{{Name: "digit"}, {Name: "ink"}}})
	for step := 1; step <= 3; step++ {
		bar.Record(history.Record{Step: step, Split: history.Train, Loss: map[string]float64{"digit": 2.3 / float64(step), "ink": 0.05}})
		bar.Progress(step, 3, float64(step))
	}
	bar.End(nil)
	// Output:
	// step 1 of 3 · 0:01 · digit 2.3 · ink 0.05
	// digits: 3 steps in 0:03 · digit 0.7667 · ink 0.05
}

func ExampleBar_stopped() {
	bar := &terminal.Bar{Writer: os.Stdout}
	bar.Begin(history.Run{Steps: 100})
	bar.Progress(40, 100, 9)
	bar.End(errors.New("interrupted"))
	// Output:
	// step 40 of 100 · 0:09
	// stopped at step 40 of 100 after 0:09: interrupted
}

// A task's name cannot move the cursor, set the title of the window or end the line.
func TestNamesAreOneLineOfText(t *testing.T) {
	var out bytes.Buffer
	bar := &terminal.Bar{Writer: &out}
	name := "a\x1b[2J\rb\nc\u202ed"
	bar.Begin(history.Run{Name: name, Steps: 1, Tasks: []history.Task{{Name: name}}})
	bar.Record(history.Record{Step: 1, Split: history.Train, Loss: map[string]float64{name: 0.5}})
	bar.Progress(1, 1, 1)
	bar.End(errors.New("of \x1b" + name))
	if text := out.String(); strings.ContainsAny(text, "\x1b\r\u202e") || !strings.Contains(text, `a\u001b[2J\u000db c\u202ed 0.5`) {
		t.Errorf("it prints %q", text)
	}
}

// ExampleSweepBar shows the plain lines of an output that is no terminal.
func ExampleSweepBar() {
	weights := func(v float64) study.Setting { return study.Setting{Weights: map[string]float64{"seg": v}, Seed: 1} }
	found := &study.Study{Name: "weights", Tasks: []history.Task{{Name: "cls"}, {Name: "seg"}}}
	found.Objectives = study.Objectives(found.Tasks)
	found.Trials = []*study.Trial{{Setting: weights(1)}, {Setting: weights(64)}}
	bar := &terminal.SweepBar{Writer: os.Stdout}
	bar.Begin(found)
	bar.Progress(100, 2000, 3, 57)
	bar.Update(&study.Trial{Setting: weights(1), State: study.Done, Loss: map[string]float64{"cls": 1, "seg": 0.9}})
	bar.Update(&study.Trial{Setting: weights(64), State: study.Failed, Error: "loss of seg is NaN"})
	bar.Progress(1400, 1400, 42, 0) // not due yet
	bar.End(found, nil)
	// Output:
	// 0 of 2 trials · step 100 of 2,000 · 0:03 · about 0:57 left
	// weights: 2 of 2 trials, 1 failed in 0:42 · chosen seg 1
}
