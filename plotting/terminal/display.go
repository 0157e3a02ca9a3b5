package terminal

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	barPeriod  = 200 * time.Millisecond // from one drawing of the bar to the next
	linePeriod = 5 * time.Second        // from one plain line to the next
)

// display is a progress bar where the output is a terminal, and a plain line every five seconds where it is a file or a pipe, whose readers do not want
// thousands of redrawn lines.
type display struct {
	to   io.Writer
	bar  *progressbar.ProgressBar // nil where plain lines are written
	next time.Time
}

// open starts at nothing.
func (d *display) open(to io.Writer, steps int) {
	if to == nil {
		to = os.Stderr
	}
	*d = display{to: to}
	if width, ok := terminalWidth(to); ok {
		d.bar = progressbar.NewOptions(max(steps, 1),
			progressbar.OptionSetWriter(to),
			progressbar.OptionSetWidth(min(30, width/4)),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetPredictTime(false), // the line has its own
			progressbar.OptionSetElapsedTime(false),
		)
	}
}

// show moves the bar, or writes a line, when one is due.
func (d *display) show(step, steps int, line func() string) {
	now := time.Now()
	if d.to == nil || now.Before(d.next) {
		return
	}
	if d.bar == nil {
		d.next = now.Add(linePeriod)
		fmt.Fprintln(d.to, history.OneLine(line()))
		return
	}
	d.next = now.Add(barPeriod)
	d.draw(step, steps, line())
}

// close leaves one line that says how it ended.
func (d *display) close(step, steps int, line, summary string) {
	if d.to == nil {
		return
	}
	if d.bar != nil {
		d.draw(step, steps, line)
		fmt.Fprintln(d.to)
	}
	fmt.Fprintln(d.to, history.Printable(summary))
}

// draw cannot fail usefully: a terminal that is gone must not stop the training.
func (d *display) draw(step, steps int, line string) {
	line = history.OneLine(line)
	if width, ok := terminalWidth(d.to); ok { // a line that wraps could not be drawn over
		line = cut(line, width-min(30, width/4)-10)
	}
	d.bar.ChangeMax(max(steps, 1))
	d.bar.Describe(line)
	_ = d.bar.Set(step)
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
