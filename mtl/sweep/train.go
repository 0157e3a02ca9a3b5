package sweep

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
)

// train brings a trial to a step. What lies with its setting, as a loss that diverges, is recorded with it as its failure; any other error ends the sweep, and
// the trial goes on with the next call.
func (s *sweep) train(ctx context.Context, t *study.Trial, until int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	free, own, err := s.claim(t)
	if err != nil || !own {
		return err
	}
	defer free()
	s.watch.locked(func() { t.State = study.Running })
	h, err := s.fit(ctx, t, until)
	switch {
	case errors.Is(err, context.Canceled): // also by an interrupt that Fit saw first; the next session goes on with the trial
		return err
	case err != nil && !liesWithSetting(err):
		return fmt.Errorf("trial %s: %w", t.Name(), err)
	}
	s.watch.locked(func() {
		if h != nil && len(h.Records) > 0 {
			t.Follow(h, s.study.Split)
		}
		switch {
		case err != nil:
			t.State, t.Error, t.Loss, t.Metric = study.Failed, err.Error(), nil, nil
		case t.Step < until || t.Step >= s.options.Fit.Steps: // it may have stopped early
			t.State = study.Done
		default:
			t.State = study.Paused
		}
	})
	if err := s.save(t); err != nil {
		return err
	}
	s.watch.update(t)
	return nil
}

// settingError is why a setting cannot be trained at all.
type settingError struct{ error }

func (e settingError) Unwrap() error { return e.error }

// liesWithSetting tells errors that come again whenever the setting is tried from those of a disk, a device or another process.
func liesWithSetting(err error) bool {
	var (
		bad      settingError
		diverged *mtl.DivergedError
		unknown  *mtl.HyperparameterError
		system   syscall.Errno
	)
	if errors.As(err, &system) {
		return false
	}
	return errors.As(err, &bad) || errors.As(err, &diverged) || errors.As(err, &unknown)
}

func (s *sweep) fit(ctx context.Context, t *study.Trial, until int) (*history.History, error) {
	c, err := s.group(t).compiled()
	if err != nil {
		return nil, settingError{err}
	}
	values, rate, err := s.inputs(t, c)
	if err != nil {
		return nil, settingError{err}
	}
	store := model.NewStore()
	defer store.Finalize() // the device's memory at once, not when Go collects
	run := mtl.RunOptions{
		Store: store, Seed: t.Seed, LearningRate: rate, Hyperparameters: values, Until: until,
		Observers: []mtl.Observer{&follower{sweep: s, trial: t}},
		Config:    s.config(t),
	}
	if s.options.Dir != "" {
		run.RunDir = t.Dir(s.options.Dir)
	}
	return c.Fit(ctx, run)
}

// config says in the run's description what the trial is, each number by itself, so that other tools can plot by it.
func (s *sweep) config(t *study.Trial) map[string]any {
	config := map[string]any{"study": s.study.Name, "setting": t.Label()}
	for task, w := range t.Weights {
		config["weight/"+task] = w
	}
	for path, values := range t.Values {
		for i, v := range values {
			name := path
			if len(values) > 1 {
				name = fmt.Sprintf("%s/%d", path, i)
			}
			config[name] = v
		}
	}
	return config
}

func (s *sweep) save(t *study.Trial) error {
	if s.options.Dir == "" {
		return nil
	}
	return t.Save(s.options.Dir)
}
