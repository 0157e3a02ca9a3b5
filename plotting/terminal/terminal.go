// Package terminal shows a run in a terminal while it trains: one bar with every task's newest loss; and a sweep: one bar over all its trials.
package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting/internal/progress"
)

// Bar is an observer for mtl.Fit: a progress bar where the output is a terminal, and a plain line every five seconds where it is
// a file or a pipe, whose readers do not want thousands of redrawn lines.
type Bar struct {
	Writer io.Writer // os.Stderr when nil

	state progress.State
	display
}

// Begin starts the bar at nothing.
func (b *Bar) Begin(run history.Run) {
	b.state = progress.State{Run: run}
	b.open(b.Writer, run.Steps)
}

// Record takes the newest losses.
func (b *Bar) Record(r history.Record) { b.state.Record(r) }

// Progress moves the bar, or writes a line when one is due.
func (b *Bar) Progress(step, steps int, seconds float64) {
	b.state.Advance(step, steps, seconds)
	b.show(step, steps, b.line)
}

// End leaves one line that says how the run ended; err is nil when it completed.
func (b *Bar) End(err error) {
	b.close(b.state.Step, b.state.Steps, b.line(), b.state.Summary(err)+b.losses())
}

func (b *Bar) line() string { return b.state.Line() + b.losses() }

func (b *Bar) losses() string {
	var out strings.Builder
	for _, task := range b.state.Run.Tasks {
		if loss, ok := b.state.Train[task.Name]; ok {
			fmt.Fprintf(&out, " · %s %.4g", task.Name, loss)
		}
	}
	return out.String()
}
