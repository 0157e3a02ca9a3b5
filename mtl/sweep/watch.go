package sweep

import (
	"slices"
	"sync"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// updatePeriod is the least time from one Update of a trial that is under way to the next.
const updatePeriod = 400 * time.Millisecond

// watch tells observers what happens, one thing at a time, and guards what several trials change.
type watch struct {
	mu        *sync.Mutex
	observers []study.Observer
	study     *study.Study
	start     time.Time
	first     int                  // steps done before this session
	done      map[*study.Trial]int // steps of the trials of this share
}

func newWatch(observers []study.Observer, s *study.Study, share Share) watch {
	w := watch{mu: &sync.Mutex{}, observers: observers, study: s, start: time.Now(), done: map[*study.Trial]int{}}
	for i, t := range slices.Concat(s.Baselines, s.Trials) {
		if share.takes(i) {
			w.done[t] = t.Step
			w.first += t.Step
		}
	}
	return w
}

func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.observers {
		o.Begin(copyOf(w.study))
	}
}

func (w *watch) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.observers {
		o.End(copyOf(w.study), err)
	}
}

// locked calls fn, which changes a trial.
func (w *watch) locked(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
}

// compiled counts a compilation.
func (w *watch) compiled(baseline bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if baseline {
		w.study.BaselineCompilations++
	} else {
		w.study.Compilations++
	}
}

// update tells of a trial, which is added to the study if it is new.
func (w *watch) update(t *study.Trial) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.done[t]; !known {
		w.study.Put(t)
	}
	w.done[t] = t.Step
	w.tell(t)
	w.progress()
}

// tell gives every observer a copy of its own.
func (w *watch) tell(t *study.Trial) {
	for _, o := range w.observers {
		o.Update(snapshot(t))
	}
}

// progress tells how far the sweep is.
func (w *watch) progress() {
	if len(w.observers) == 0 {
		return
	}
	done, planned := 0, 0
	for t, step := range w.done {
		done += step
		switch t.State {
		case study.Pending, study.Running, study.Paused:
			planned += max(t.Steps, step)
		default:
			planned += step
		}
	}
	seconds, left := time.Since(w.start).Seconds(), -1.0
	if fresh := done - w.first; fresh > 0 {
		left = seconds / float64(fresh) * float64(planned-done)
	}
	for _, o := range w.observers {
		o.Progress(done, planned, w.study.Seconds+seconds, left)
	}
}

// follower is the mtl.Observer of one trial.
type follower struct {
	sweep *sweep
	trial *study.Trial
	told  time.Time
}

// Begin implements mtl.Observer.
func (f *follower) Begin(run history.Run) {
	f.sweep.watch.locked(func() { f.trial.History = &history.History{Run: run} })
}

// Record implements mtl.Observer.
func (f *follower) Record(r history.Record) {
	f.sweep.watch.locked(func() {
		h := &history.History{Run: f.trial.History.Run, Records: append(f.trial.History.Records, r)}
		f.trial.Follow(h, f.sweep.study.Split)
	})
}

// Progress implements mtl.Observer.
func (f *follower) Progress(step, _ int, seconds float64) {
	w := &f.sweep.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	f.trial.Step, f.trial.Seconds = step, seconds
	w.done[f.trial] = step
	if now := time.Now(); now.Sub(f.told) >= updatePeriod {
		f.told = now
		w.tell(f.trial)
		w.progress()
	}
}

// End implements mtl.Observer.
func (*follower) End(error) {}

// snapshot is a copy of a trial whose history no longer grows.
func snapshot(t *study.Trial) *study.Trial {
	c := *t
	if h := t.History; h != nil {
		c.History = &history.History{Run: h.Run, Records: h.Records[:len(h.Records):len(h.Records)]}
	}
	return &c
}

func copyOf(s *study.Study) *study.Study {
	c := *s
	c.Trials, c.Baselines = make([]*study.Trial, len(s.Trials)), make([]*study.Trial, len(s.Baselines))
	for i, t := range s.Trials {
		c.Trials[i] = snapshot(t)
	}
	for i, t := range s.Baselines {
		c.Baselines[i] = snapshot(t)
	}
	return &c
}
