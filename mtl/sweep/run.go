package sweep

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/study"
)

// Run trains the model under every setting and returns what was found. A trial that fails by its setting, as one that diverges, is in the study with its error.
// The error of Run is for what ends a sweep: bad options, an interrupt (a cancelled ctx or SIGINT, wrapping context.Canceled), a full disk or anything else that
// does not lie with a setting. The study then holds what was done, none where the call was refused, and with a Dir the same call goes on from there.
func Run(ctx context.Context, m *mtl.Model, data mtl.Data, opts Options) (*study.Study, error) {
	opts, err := opts.withDefaults(m, data)
	if err != nil {
		return &study.Study{}, err
	}
	s := &sweep{model: m, data: data, options: opts, groups: map[string]*group{}}
	defer s.close()
	if err := s.plan(); err != nil {
		return &study.Study{}, err
	}
	ctx, release := signal.NotifyContext(ctx, os.Interrupt)
	defer release()
	s.watch.begin()
	err = s.rounds(ctx)
	interrupted := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case interrupted && opts.Dir != "":
		err = fmt.Errorf("sweep: interrupted; saved in %s: run the same call again to go on from there: %w", opts.Dir, err)
	case interrupted:
		err = fmt.Errorf("sweep: interrupted; nothing was saved, because Options.Dir is empty: %w", err)
	case err == nil:
		err = errors.Join(s.allFailed(), s.left())
	case opts.Dir != "":
		err = fmt.Errorf("sweep: ended early, with what is done in %s: mend this and run the same call again to go on from there: %w", opts.Dir, err)
	default:
		err = fmt.Errorf("sweep: ended early; nothing was saved, because Options.Dir is empty: %w", err)
	}
	err = errors.Join(err, s.finish())
	s.watch.end(err)
	return s.study, err
}

// Plan is the study as Run would begin it: every trial pending, with Share those of the others too. It checks the options, and that Dir is not in use for something
// else, and neither trains nor writes anything.
func Plan(m *mtl.Model, data mtl.Data, opts Options) (*study.Study, error) {
	opts, err := opts.withDefaults(m, data)
	if err != nil {
		return nil, err
	}
	s := &sweep{model: m, data: data, options: opts}
	s.list()
	if opts.Dir != "" {
		if _, err := s.saved(); err != nil {
			return nil, err
		}
	}
	return s.study, nil
}

// sweep is the state of one call of Run.
type sweep struct {
	model   *mtl.Model
	data    mtl.Data
	options Options
	study   *study.Study
	watch   watch // guards the study's trials too

	grouping sync.Mutex
	groups   map[string]*group

	started time.Time
	before  float64 // seconds of earlier sessions
	begun   int     // settings of the first round, without seeds
	leave   func()  // the folder to others
	held    held
}

// plan makes the trials, or finds those of an earlier session.
func (s *sweep) plan() error {
	s.started = time.Now()
	s.list()
	if s.options.Dir != "" {
		if err := s.open(); err != nil {
			return err
		}
	}
	s.watch = newWatch(s.options.Observers, s.study, s.options.Share)
	return nil
}

// list makes the study with every trial.
func (s *sweep) list() {
	o := &s.options
	s.study = s.describe()
	for _, setting := range o.Settings {
		s.study.Trials = append(s.study.Trials, &study.Trial{Setting: setting.withSeed(), State: study.Pending, Steps: o.Fit.Steps})
	}
	if !o.NoBaselines {
		s.study.Baselines = s.baselines()
	}
	s.begun = len(s.study.Groups())
}

// baselines are the trials of each task alone, for every seed of the sweep, but for those given.
func (s *sweep) baselines() []*study.Trial {
	seeds := s.seeds()
	var trials []*study.Trial
	for _, o := range s.study.Objectives {
		given := slices.DeleteFunc(slices.Clone(s.options.Baselines), func(t *study.Trial) bool { return t.Alone != o.Task || t.State != study.Done })
		if trials = append(trials, given...); len(given) > 0 {
			continue
		}
		for _, seed := range seeds {
			trials = append(trials, &study.Trial{Setting: study.Setting{Alone: o.Task, Seed: seed}, State: study.Pending, Steps: s.options.Fit.Steps})
		}
	}
	return trials
}

// seeds are those of the trials, sorted.
func (s *sweep) seeds() []int64 {
	seeds := map[int64]bool{}
	for _, t := range s.study.Trials {
		seeds[t.Seed] = true
	}
	return slices.Sorted(maps.Keys(seeds))
}

// rounds trains the settings, then those that are added where the front is thin, until there are none.
func (s *sweep) rounds(ctx context.Context) error {
	o := &s.options
	rungs := append(o.Halving.rungs(o.Fit.Steps, o.Fit.ValidateEvery), o.Fit.Steps)
	for {
		for _, rung := range rungs {
			if err := s.trainAll(ctx, rung); err != nil {
				return err
			}
			if rung < o.Fit.Steps {
				if err := s.drop(rung); err != nil {
					return err
				}
			}
		}
		if o.Adaptive == nil {
			return nil
		}
		added := o.Adaptive.propose(s.study, s.begun)
		if len(added) == 0 {
			return nil
		}
		if err := s.add(added); err != nil {
			return err
		}
	}
}

// add plans settings of a new round.
func (s *sweep) add(settings []study.Setting) error {
	seeds, round := s.seeds(), 0
	for _, t := range s.study.Trials {
		round = max(round, t.Round+1)
	}
	for _, setting := range settings {
		for _, seed := range seeds {
			setting.Seed = seed
			s.watch.update(&study.Trial{Setting: setting, State: study.Pending, Round: round, Steps: s.options.Fit.Steps})
		}
	}
	return s.savePlan() // at once, so that a sweep that is killed now has the whole round or none of it
}

// drop ends the trials that a rung drops.
func (s *sweep) drop(rung int) error {
	dropped := s.options.Halving.dropped(s.study, rung)
	for _, t := range s.study.Trials {
		if t.State != study.Paused || t.Step != rung || !dropped[t.Key()] {
			continue
		}
		t.State = study.Dropped
		if err := t.Save(s.options.Dir); err != nil {
			return err
		}
		s.watch.update(t)
	}
	return nil
}

// trainAll brings every trial that goes on to a step, several at once. Baselines are never dropped: they go to their end at once.
func (s *sweep) trainAll(ctx context.Context, until int) error {
	var queue []*study.Trial
	for i, t := range slices.Concat(s.study.Baselines, s.study.Trials) {
		// Of one that was cut off, the run may be at the step already and only its end be missing.
		open := t.State == study.Pending || t.State == study.Running || t.State == study.Paused && t.Step < until
		if open && s.options.Share.takes(i) {
			queue = append(queue, t)
		}
	}
	if len(queue) == 0 {
		return nil
	}
	trials := make(chan *study.Trial)
	stop, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	staff := s.newStaff(queue[0], func() {
		for t := range trials {
			steps := until
			if t.Alone != "" {
				steps = s.options.Fit.Steps
			}
			if err := s.train(stop, t, steps); err != nil {
				cancel(err)
			}
		}
	})
	tick := time.NewTicker(staffPeriod)
	defer tick.Stop()
	for len(queue) > 0 && stop.Err() == nil {
		select {
		case trials <- queue[0]:
			queue = queue[1:]
		case <-tick.C:
			staff.review()
		case <-stop.Done():
		}
	}
	close(trials)
	staff.wait.Wait()
	s.study.Workers = max(s.study.Workers, staff.active)
	return context.Cause(stop)
}

// allFailed is an error if no trial came through: then it is not the settings.
func (s *sweep) allFailed() error {
	if slices.ContainsFunc(s.study.Trials, func(t *study.Trial) bool { return t.State != study.Failed }) {
		return nil
	}
	return fmt.Errorf("sweep: all %d trials failed; the first, %s: %s", len(s.study.Trials), s.study.Trials[0].Name(), s.study.Trials[0].Error)
}

// finish closes the programs and writes the results.
func (s *sweep) finish() error {
	var errs []error
	for _, g := range s.groups {
		errs = append(errs, g.close())
	}
	s.study.Seconds += time.Since(s.started).Seconds()
	errs = append(errs, s.savePlan())
	if dir := s.options.Dir; dir != "" && s.options.Share.Count <= 1 {
		errs = append(errs, s.study.WriteResults(dir))
	}
	return errors.Join(errs...)
}
