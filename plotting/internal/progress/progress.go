// Package progress keeps how far a run is and says it in words, for the live displays.
package progress

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
)

// State is how far a run is. Its zero value with Run set is a run that has not begun.
type State struct {
	Run         history.Run
	Step, Steps int
	Seconds     float64            // training time so far
	Begun       bool               // a step is done in this session
	Train       map[string]float64 // newest training loss by task

	firstStep    int     // of this session: a resumed run does not start at 0
	firstSeconds float64 // training time when it started
}

// Record takes the losses of a new record.
func (s *State) Record(r history.Record) {
	if r.Split == history.Train {
		s.Train = r.Loss
	}
}

// Advance takes a new position.
func (s *State) Advance(step, steps int, seconds float64) {
	if !s.Begun {
		s.Begun, s.firstStep, s.firstSeconds = true, step, seconds
	}
	s.Step, s.Steps, s.Seconds = step, steps, seconds
}

// Line is the position in words: "step 1,200 of 5,000 · 0:12 · about 0:38 left".
func (s *State) Line() string {
	words := fmt.Sprintf("step %s of %s · %s", thousands(s.Step), thousands(s.Steps), clock(s.Seconds))
	if left, known := s.left(); known {
		words += " · about " + clock(left) + " left"
	}
	return words
}

// left estimates the seconds to go from the speed of this session.
func (s *State) left() (left float64, known bool) {
	steps, took := s.Step-s.firstStep, s.Seconds-s.firstSeconds
	if steps <= 0 || took <= 0 || s.Step >= s.Steps {
		return 0, false
	}
	return took / float64(steps) * float64(s.Steps-s.Step), true
}

// Summary says how the run ended; err is why it stopped early, nil when it completed.
func (s *State) Summary(err error) string {
	title := ""
	if s.Run.Name != "" {
		title = s.Run.Name + ": "
	}
	switch {
	case err != nil && !s.Begun:
		return fmt.Sprintf("%sstopped before a step of this session: %v", title, err)
	case err != nil:
		return fmt.Sprintf("%sstopped at step %s of %s after %s: %v", title, thousands(s.Step), thousands(s.Steps), clock(s.Seconds), err)
	}
	return fmt.Sprintf("%s%s steps in %s", title, thousands(s.Step), clock(s.Seconds))
}

// clock writes 1:23 or 1:02:03.
func clock(seconds float64) string {
	s := int(time.Duration(seconds * float64(time.Second)).Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
