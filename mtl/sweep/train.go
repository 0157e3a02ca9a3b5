package sweep

import (
	"context"
	"errors"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// train brings a trial to a step. What keeps this trial alone from going on is recorded with it; an error is what ends the sweep.
func (s *sweep) train(ctx context.Context, t *study.Trial, until int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.watch.locked(func() { t.State = study.Running })
	if err := s.save(t); err != nil {
		return err
	}
	h, err := s.fit(ctx, t, until)
	if errors.Is(err, context.Canceled) { // also by an interrupt that Fit saw first; the next session goes on with the trial
		return errors.Join(context.Canceled, s.save(t))
	}
	s.watch.locked(func() {
		if h != nil && len(h.Records) > 0 {
			t.Follow(h, s.study.Split)
		}
		switch {
		case err != nil:
			t.State, t.Error, t.Loss, t.Metric = study.Failed, err.Error(), nil, nil
		case t.Step < until || until == s.options.Fit.Steps: // it may have stopped early
			t.State = study.Done
		default:
			t.State = study.Paused
		}
	})
	if err := s.save(t); err != nil {
		return err
	}
	s.watch.update(s.study, t)
	return nil
}

func (s *sweep) fit(ctx context.Context, t *study.Trial, until int) (*history.History, error) {
	c, err := s.group(t).compiled()
	if err != nil {
		return nil, err
	}
	values, rate, err := s.inputs(t, c)
	if err != nil {
		return nil, err
	}
	store := model.NewStore()
	defer store.Finalize() // the device's memory at once, not when Go collects
	run := mtl.RunOptions{
		Store: store, Seed: t.Seed, LearningRate: rate, Hyperparameters: values, Until: until,
		Observers: []mtl.Observer{&follower{sweep: s, trial: t}},
		Config:    map[string]any{"study": s.study.Name, "setting": t.Label()},
	}
	if s.options.Dir != "" {
		run.RunDir = t.Dir(s.options.Dir)
	}
	return c.Fit(ctx, run)
}

func (s *sweep) save(t *study.Trial) error {
	if s.options.Dir == "" {
		return nil
	}
	return t.Save(s.options.Dir)
}
