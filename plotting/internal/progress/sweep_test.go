package progress

import (
	"errors"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// sweepOf is a study of one setting a state.
func sweepOf(states ...study.State) *Sweep {
	s := &study.Study{Name: "weights", Tasks: []history.Task{{Name: "cls"}}, Objectives: []study.Objective{{Task: "cls"}}}
	for i, state := range states {
		s.Put(&study.Trial{Setting: study.Setting{Weights: map[string]float64{"cls": float64(i + 1)}, Seed: 1}, State: state, Loss: map[string]float64{"cls": float64(9 - i)}})
	}
	return &Sweep{Study: s, Left: -1}
}

func TestSweepLine(t *testing.T) {
	fresh := sweepOf(study.Pending, study.Running)
	running := sweepOf(study.Done, study.Done, study.Dropped, study.Failed, study.Running, study.Paused, study.Pending)
	running.Advance(1200, 5000, 12, 38.2)
	done := sweepOf(study.Done, study.Done)
	done.Advance(2, 2, 75, 0)
	for _, c := range []struct{ got, want string }{
		{fresh.Line(), "0 of 2 trials · step 0 of 0 · 0:00"},
		{running.Line(), "4 of 7 trials, 1 dropped, 1 failed · step 1,200 of 5,000 · 0:12 · about 0:38 left"},
		{done.Line(), "2 of 2 trials · step 2 of 2 · 1:15"},
		{done.Summary(nil), "weights: 2 of 2 trials in 1:15 · chosen cls 2"},
		{running.Summary(errors.New("interrupted")), "weights: stopped after 4 of 7 trials, 1 dropped, 1 failed, 0:12: interrupted"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestSnapshotStays(t *testing.T) {
	s := sweepOf(study.Pending)
	snapshot := s.Snapshot()
	next := *snapshot.Trials[0]
	next.State = study.Done
	s.Update(&next)
	s.Update(&study.Trial{Setting: study.Setting{Alone: "cls", Seed: 1}})
	if snapshot.Trials[0].State != study.Pending || len(snapshot.Baselines) != 0 || s.Study.Trials[0].State != study.Done || len(s.Study.Baselines) != 1 {
		t.Errorf("the snapshot has %v and %d tasks alone after updates", snapshot.Trials[0].State, len(snapshot.Baselines))
	}
}
