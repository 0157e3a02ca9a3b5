package terminal_test

import (
	"errors"
	"os"

	"github.com/gomtl/gomtl/mtl/history"
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
