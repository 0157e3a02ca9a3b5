// Package terminal shows a run in a terminal while it trains: one bar with every task's newest loss.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting/internal/progress"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	barPeriod  = 200 * time.Millisecond // from one drawing of the bar to the next
	linePeriod = 5 * time.Second        // from one plain line to the next
)

// Bar is an observer for mtl.Fit: a progress bar where the output is a terminal, and a plain line every five seconds where it is
// a file or a pipe, whose readers do not want thousands of redrawn lines.
type Bar struct {
	Writer io.Writer // os.Stderr when nil

	state progress.State
	bar   *progressbar.ProgressBar // nil where plain lines are written
	next  time.Time
}

// Begin starts the bar at nothing.
func (b *Bar) Begin(run history.Run) {
	if b.Writer == nil {
		b.Writer = os.Stderr
	}
	b.state, b.bar, b.next = progress.State{Run: run}, nil, time.Time{}
	if width, ok := terminalWidth(b.Writer); ok {
		b.bar = progressbar.NewOptions(max(run.Steps, 1),
			progressbar.OptionSetWriter(b.Writer),
			progressbar.OptionSetWidth(min(30, width/4)),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetPredictTime(false), // the line has its own
			progressbar.OptionSetElapsedTime(false),
		)
	}
}

// Record takes the newest losses.
func (b *Bar) Record(r history.Record) { b.state.Record(r) }

// Progress moves the bar, or writes a line when one is due.
func (b *Bar) Progress(step, steps int, seconds float64) {
	b.state.Advance(step, steps, seconds)
	now := time.Now()
	if now.Before(b.next) {
		return
	}
	if b.bar == nil {
		b.next = now.Add(linePeriod)
		fmt.Fprintln(b.Writer, b.state.Line()+b.losses())
		return
	}
	b.next = now.Add(barPeriod)
	b.draw()
}

// End leaves one line that says how the run ended; err is nil when it completed.
func (b *Bar) End(err error) {
	if b.Writer == nil {
		return
	}
	if b.bar != nil {
		b.draw()
		fmt.Fprintln(b.Writer)
	}
	fmt.Fprintln(b.Writer, b.state.Summary(err)+b.losses())
}

// draw cannot fail usefully: a terminal that is gone must not stop the training.
func (b *Bar) draw() {
	description := b.state.Line() + b.losses()
	if width, ok := terminalWidth(b.Writer); ok { // a line that wraps could not be drawn over
		description = cut(description, width-min(30, width/4)-10)
	}
	b.bar.ChangeMax(max(b.state.Steps, 1))
	b.bar.Describe(description)
	_ = b.bar.Set(b.state.Step)
}

func (b *Bar) losses() string {
	var out strings.Builder
	for _, task := range b.state.Run.Tasks {
		if loss, ok := b.state.Train[task.Name]; ok {
			fmt.Fprintf(&out, " · %s %.4g", task.Name, loss)
		}
	}
	return out.String()
}

func cut(s string, width int) string {
	runes := []rune(s)
	if len(runes) <= width {
		return s
	}
	return string(runes[:max(width-1, 0)]) + "…"
}

func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}
