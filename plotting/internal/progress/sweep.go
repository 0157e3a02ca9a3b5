package progress

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/study"
)

// Sweep is how far a sweep is. Its zero value with Study set is one that has not begun.
type Sweep struct {
	Study         *study.Study // the observer's own, which Update keeps up to date
	Done, Planned int          // training steps
	Seconds       float64      // so far, over all sessions
	Left          float64      // as estimated; negative while unknown
	Begun         bool         // there was news of a trial's steps
}

// Update takes a trial.
func (s *Sweep) Update(t *study.Trial) { s.Study.Put(t) }

// Advance takes a new position.
func (s *Sweep) Advance(done, planned int, seconds, left float64) {
	s.Done, s.Planned, s.Seconds, s.Left = done, planned, seconds, left
	s.Begun = s.Begun || done > 0
}

// Snapshot is a study that no longer changes; its trials are shared, as each update brings a new one.
func (s *Sweep) Snapshot() *study.Study {
	c := *s.Study
	c.Trials, c.Baselines = slices.Clone(c.Trials), slices.Clone(c.Baselines)
	return &c
}

// Line is the position in words: "12 of 27 trials, 1 failed · step 1,200 of 5,000 · 0:12 · about 0:38 left".
func (s *Sweep) Line() string {
	words := fmt.Sprintf("%s · step %s of %s · %s", s.trials(), thousands(s.Done), thousands(s.Planned), clock(s.Seconds))
	if s.Left >= 0 && s.Done > 0 && s.Done < s.Planned {
		words += " · about " + clock(s.Left) + " left"
	}
	return words
}

// trials counts those that ended, tasks alone included: "12 of 27 trials, 1 failed".
func (s *Sweep) trials() string {
	counts := map[study.State]int{}
	all := slices.Concat(s.Study.Baselines, s.Study.Trials)
	for _, t := range all {
		counts[t.State]++
	}
	ended := counts[study.Done] + counts[study.Dropped] + counts[study.Failed]
	words := fmt.Sprintf("%d of %d trials", ended, len(all))
	for _, state := range []study.State{study.Dropped, study.Failed} {
		if n := counts[state]; n > 0 {
			words += fmt.Sprintf(", %d %s", n, state)
		}
	}
	return words
}

// Summary says how the sweep ended; err is why it stopped early, nil when it ran to its end.
func (s *Sweep) Summary(err error) string {
	var words strings.Builder
	if s.Study.Name != "" {
		words.WriteString(s.Study.Name + ": ")
	}
	if err != nil {
		fmt.Fprintf(&words, "stopped after %s, %s: %v", s.trials(), clock(s.Seconds), err)
		return words.String()
	}
	fmt.Fprintf(&words, "%s in %s", s.trials(), clock(s.Seconds))
	if c := s.Study.Choose(); c != nil {
		words.WriteString(" · chosen " + c.Group.Setting.Label())
	}
	return words.String()
}
