package cache

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Counter shows how far a piece of work of many parts is: a bar in a terminal, nothing elsewhere.
type Counter struct{ bar *progressbar.ProgressBar }

// NewCounter starts the display of work called name in total parts, -1 when their number is not known.
func NewCounter(name string, total int) *Counter {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return &Counter{}
	}
	return &Counter{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(name),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

// Add says that one more part is being worked on.
func (c *Counter) Add(part string) {
	if c.bar != nil {
		c.bar.Describe(fmt.Sprintf("%-48.48s", part))
		_ = c.bar.Add(1)
	}
}

// Done ends the display.
func (c *Counter) Done() {
	if c.bar != nil {
		_ = c.bar.Finish()
	}
}
