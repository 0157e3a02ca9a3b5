package notebook

import (
	"bytes"
	"fmt"
	"html"
	"sync"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting"
	"github.com/gomtl/gomtl/plotting/internal/progress"
	"github.com/janpfeifer/gonb/gonbui"
)

// framePeriod is the time from one live picture to the next: twice a second with some room for a busy machine.
const framePeriod = 400 * time.Millisecond

// Live shows a run while it trains: a progress line and every task's loss, twice a second. It is an observer for mtl.Fit:
//
//	mtl.Fit(ctx, model, data, mtl.FitOptions{Observers: []mtl.Observer{&notebook.Live{}}})
//
// Pictures are drawn in a goroutine of their own, from a bounded summary of the records, and one that is not ready in time is
// skipped, so training never waits for one. When the run ends, the live area becomes a line that says how, and the last figure
// follows as SVG, PNG and text, which is what a saved notebook keeps.
type Live struct {
	// Losses configures the figure.
	Losses plotting.Losses
	// Quantities are drawn below the losses: what the architecture or a probe reports.
	Quantities []plotting.OverTime

	mu      sync.Mutex // guards what follows
	curves  *plotting.LossCurves
	values  history.History // the records that have values of quantities
	state   progress.State
	changed bool

	id   string        // of the live area
	stop chan struct{} // closed by End
	idle chan struct{} // closed when the last frame is sent
}

// Begin opens the live area.
func (l *Live) Begin(run history.Run) {
	if !gonbui.IsNotebook {
		return
	}
	l.curves = l.Losses.Start(run)
	l.values = history.History{Run: run}
	l.state = progress.State{Run: run}
	l.changed = true
	l.id = "gomtl-" + gonbui.UniqueId()
	l.stop, l.idle = make(chan struct{}), make(chan struct{})
	go l.draw(l.stop, l.idle)
}

// Record adds one record.
func (l *Live) Record(r history.Record) {
	if l.stop == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.curves.Add(r)
	if len(l.Quantities) > 0 && r.Values != nil {
		l.values.Records = append(l.values.Records, r)
	}
	l.state.Record(r)
	l.changed = true
}

// Progress tells how far the run is; seconds is its training time so far.
func (l *Live) Progress(step, steps int, seconds float64) {
	if l.stop == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Advance(step, steps, seconds)
	l.changed = true
}

// End replaces the live area by the final figure; err is why the run stopped early, nil when it completed.
func (l *Live) End(err error) {
	if l.stop == nil {
		return
	}
	close(l.stop)
	<-l.idle
	l.stop = nil
	gonbui.UpdateHTML(l.id, finalHTML(&l.state, err))
	if l.state.Train == nil { // an error before the first record needs no empty figure
		flush()
		return
	}
	for i, figure := range l.figures() {
		words := figure.String()
		if i == 0 {
			words = l.state.Summary(err) + "\n" + words
		}
		if data, err := bundle(figure, words); err == nil {
			gonbui.SendData(data)
		}
	}
	flush()
}

// draw sends a frame at once and then one a period while there is something new.
func (l *Live) draw(stop, idle chan struct{}) {
	defer close(idle)
	ticker := time.NewTicker(framePeriod) // drops the ticks that come while a frame is drawn
	defer ticker.Stop()
	for {
		if page, ok := l.frame(); ok {
			gonbui.UpdateHTML(l.id, page)
		}
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
	}
}

// frame holds the lock only to copy the summary, not to draw it.
func (l *Live) frame() (page string, ok bool) {
	l.mu.Lock()
	if !l.changed {
		l.mu.Unlock()
		return "", false
	}
	l.changed = false
	figures, line := l.figures(), liveHTML(&l.state)
	l.mu.Unlock()
	var pictures bytes.Buffer
	for _, figure := range figures {
		if err := figure.WriteHTML(&pictures); err != nil {
			fmt.Fprintf(&pictures, "<pre>%s</pre>", html.EscapeString(err.Error()))
		}
	}
	return line + pictures.String(), true
}

// figures are the losses and the quantities, which hold what they draw.
func (l *Live) figures() []*plotting.Figure {
	figures := []*plotting.Figure{l.curves.Figure()}
	for _, q := range l.Quantities {
		figures = append(figures, q.Figure(&l.values))
	}
	return figures
}
