package terminal

import (
	"io"

	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting/internal/progress"
)

// SweepBar is an observer for sweep.Run: one progress bar over the steps of all trials where the output is a terminal, with how many trials have ended and the time left, and a
// plain line every five seconds where it is a file or a pipe.
type SweepBar struct {
	Writer io.Writer // os.Stderr when nil

	state progress.Sweep
	display
}

// Begin implements study.Observer.
func (b *SweepBar) Begin(s *study.Study) {
	b.state = progress.Sweep{Study: s, Left: -1}
	b.open(b.Writer, 1)
}

// Update implements study.Observer.
func (b *SweepBar) Update(t *study.Trial) {
	if b.state.Study != nil {
		b.state.Update(t)
	}
}

// Progress implements study.Observer.
func (b *SweepBar) Progress(done, planned int, seconds, left float64) {
	b.state.Advance(done, planned, seconds, left)
	b.show(done, planned, b.state.Line)
}

// End implements study.Observer: it leaves one line that says how the sweep ended, and what was chosen.
func (b *SweepBar) End(s *study.Study, err error) {
	if b.state.Study == nil {
		return
	}
	b.state.Study = s
	b.close(b.state.Done, b.state.Planned, b.state.Line(), b.state.Summary(err))
}
