package notebook

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting"
	"github.com/gomtl/gomtl/plotting/internal/progress"
	"github.com/janpfeifer/gonb/gonbui"
)

// sweepPeriod is the least time from the end of one live picture of a sweep to the next.
const sweepPeriod = 700 * time.Millisecond

// LiveSweep shows a sweep while it runs: a progress line with the trials that have ended and the time left, and figures that fill in. It is an observer for sweep.Run:
//
//	sweep.Run(ctx, model, data, sweep.Options{Observers: []study.Observer{&notebook.LiveSweep{}}})
//
// Pictures are drawn in a goroutine of their own, at most one in 0.7 s and a sixth of the time, so the sweep never waits for one. When it ends, the live area becomes a line that says
// how, and the study's table and the last figures follow, which is what a saved notebook keeps. Marks and lines say more under the mouse.
type LiveSweep struct {
	// Figures are drawn while the sweep runs and at its end; nil means the trade-off, the simplex of three tasks' weights and the losses, and at the end the choice.
	Figures []plotting.SweepPlot

	mu      sync.Mutex // guards what follows
	state   progress.Sweep
	changed bool

	id   string        // of the live area
	stop chan struct{} // closed by End
	idle chan struct{} // closed when the last frame is sent
}

// Begin opens the live area.
func (l *LiveSweep) Begin(s *study.Study) {
	if !gonbui.IsNotebook {
		return
	}
	l.state = progress.Sweep{Study: s, Left: -1}
	l.changed = true
	l.id = "gomtl-" + gonbui.UniqueId()
	l.stop, l.idle = make(chan struct{}), make(chan struct{})
	go l.draw(l.stop, l.idle)
}

// Update takes a trial.
func (l *LiveSweep) Update(t *study.Trial) {
	if l.stop == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Update(t)
	l.changed = true
}

// Progress tells how far the sweep is.
func (l *LiveSweep) Progress(done, planned int, seconds, left float64) {
	if l.stop == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Advance(done, planned, seconds, left)
	l.changed = true
}

// End replaces the live area by a line, and shows the table and the last figures; err is why the sweep stopped early, nil when it ran to its end.
func (l *LiveSweep) End(s *study.Study, err error) {
	if l.stop == nil {
		return
	}
	close(l.stop)
	<-l.idle
	l.stop = nil
	l.state.Study = s
	gonbui.UpdateHTML(l.id, endHTML(l.state.Summary(err), err))
	if !l.state.Begun && err != nil { // an error before the first step needs no empty figures
		flush()
		return
	}
	if table, err := tableData(plotting.SweepTable(s)); err == nil {
		gonbui.SendData(table)
	}
	for _, p := range l.plots(s, true) {
		figure := p.Figure(s)
		if data, err := bundle(figure, figure.String()); err == nil {
			gonbui.SendData(data)
		}
	}
	flush()
}

// plots are those to draw of a study, while it is in progress or at its end.
func (l *LiveSweep) plots(s *study.Study, ended bool) []plotting.SweepPlot {
	if l.Figures != nil {
		return l.Figures
	}
	return slices.DeleteFunc(plotting.SweepPlots(s), func(p plotting.SweepPlot) bool {
		switch p.(type) {
		case plotting.TradeOff, plotting.Simplex, plotting.SweepLosses:
			return false
		case plotting.Chosen:
			return !ended
		}
		return true
	})
}

// draw sends a frame at once, and then whenever there is something new, with pauses of five times as long as a frame took.
func (l *LiveSweep) draw(stop, idle chan struct{}) {
	defer close(idle)
	for {
		began := time.Now()
		if page, ok := l.frame(); ok {
			gonbui.UpdateHTML(l.id, page)
		}
		select {
		case <-stop:
			return
		case <-time.After(max(sweepPeriod, 5*time.Since(began))):
		}
	}
}

// frame holds the lock only to copy the study, not to draw it.
func (l *LiveSweep) frame() (page string, ok bool) {
	l.mu.Lock()
	if !l.changed {
		l.mu.Unlock()
		return "", false
	}
	l.changed = false
	s, line := l.state.Snapshot(), sweepHTML(&l.state)
	l.mu.Unlock()
	var pictures bytes.Buffer
	for _, p := range l.plots(s, false) {
		_ = p.Figure(s).WriteHTML(&pictures) // one that the study does not suit is left out
	}
	return line + pictures.String(), true
}

func sweepHTML(s *progress.Sweep) string {
	if !s.Begun {
		return `<div style="margin:0.3em 0">waiting for the first steps: a program is compiled once for all settings that share it</div>`
	}
	return fmt.Sprintf(`<div style="margin:0.3em 0"><progress value="%d" max="%d" style="width:14em;vertical-align:middle"></progress> %s</div>`,
		s.Done, max(s.Planned, 1), html.EscapeString(s.Line()))
}

// endHTML is the line that stays, with a mark where something went wrong.
func endHTML(summary string, err error) string {
	style := "margin:0.3em 0"
	if err != nil {
		style += ";border-left:4px solid #d55e00;padding-left:0.6em"
	}
	return `<div style="` + style + `">` + strings.ReplaceAll(html.EscapeString(summary), "\n", "<br>") + `</div>`
}
