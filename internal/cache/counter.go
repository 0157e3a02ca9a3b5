package cache

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Counter shows how far a piece of work of many parts is: a bar with a running clock in a terminal, nothing elsewhere.
type Counter struct {
	bar     *progressbar.ProgressBar
	started bool          // a part is being worked on
	done    chan struct{} // stops the clock
}

// NewCounter starts the display of work in total parts.
func NewCounter(name string, total int) *Counter {
	if !InTerminal() {
		return &Counter{}
	}
	c := &Counter{done: make(chan struct{}), bar: progressbar.NewOptions(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(describe(name)),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	)}
	go func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-tick.C:
				_ = c.bar.RenderBlank() // draws it as it is, with the new time
			}
		}
	}()
	return c
}

// Add says that the part that was being worked on is done and that the next one is begun.
func (c *Counter) Add(part string) {
	if c.bar == nil {
		return
	}
	c.bar.Describe(describe(part))
	if c.started {
		_ = c.bar.Add(1)
	}
	c.started = true
}

// Done ends the display.
func (c *Counter) Done() {
	if c.bar != nil {
		close(c.done)
		_ = c.bar.Finish()
	}
}

// describe gives all parts' names one width, so that the bar stands still.
func describe(part string) string { return fmt.Sprintf("%-40.40s", part) }

// InTerminal tells whether standard error is a terminal.
func InTerminal() bool { return term.IsTerminal(int(os.Stderr.Fd())) }
