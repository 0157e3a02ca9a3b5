package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gomtl/gomtl/mtl/internal/lock"
	"github.com/gomtl/gomtl/mtl/study"
)

// locksDir has the locks of a study's folder: one of the whole, one of its plan, one of each trial.
const locksDir = ".locks"

// open finds what the folder has of this study, for this process: trials that ended, those that are
// under way, and rounds that were added. Until it is known that the folder may be used, nothing is
// changed in it.
func (s *sweep) open() error {
	dir := s.options.Dir
	if _, err := s.saved(); err != nil {
		return err
	}
	take := lock.Take
	if s.options.Share.Count > 1 {
		take = lock.Share
	}
	leave, err := s.lock(take, "study")
	if held := new(lock.HeldError); errors.As(err, &held) {
		return fmt.Errorf("sweep: the folder %s is %w: wait until that sweep has ended, or choose "+
			"another Dir", dir, err)
	}
	if err != nil {
		return err
	}
	s.leave = leave
	saved, err := s.saved() // now that it can change no more
	if err != nil {
		return err
	}
	if saved != nil {
		s.takeOver(slices.Concat(saved.Baselines, saved.Trials))
		s.study.Created, s.study.Seconds, s.before = saved.Created, saved.Seconds, saved.Seconds
	}
	for _, t := range s.study.Baselines {
		if slices.Contains(s.options.Baselines, t) { // those of another study
			if err := t.Save(dir); err != nil {
				return err
			}
		}
	}
	return s.savePlan()
}

// close leaves the folder to others.
func (s *sweep) close() {
	if s.leave != nil {
		s.leave()
	}
}

// lock takes a lock of the folder. Where the file system has none, the sweep goes on and says so.
func (s *sweep) lock(take func(string) (func(), error), name string) (free func(), err error) {
	free, err = take(filepath.Join(s.options.Dir, locksDir, name))
	if errors.Is(err, errors.ErrUnsupported) {
		s.options.Log.Warn(fmt.Sprintf("sweep: %s: %v; see that no other process works on it",
			s.options.Dir, err))
		return func() {}, nil
	}
	return free, err
}

// saved is the study of the folder, nil where there is none yet. Another study, or files of something
// else, are an error.
func (s *sweep) saved() (*study.Study, error) {
	saved, err := study.Load(s.options.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unused(s.options.Dir)
	}
	if err != nil {
		return nil, err
	}
	return saved, sameStudy(saved, s.study, s.options.Dir)
}

// harmless are patterns of what may be in a folder before its study: what starts the shares, what
// they print, and what is left of a study whose plan was deleted.
var harmless = []string{
	".*", study.TrialsDir, study.BaselinesDir, "plots", "results.*",
	"*.sbatch", "*.sh", "*.yaml", "*.yml", "*.log", "*.out", "*.err",
}

// unused is an error where a folder without a study has files of something else.
func unused(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep: %s cannot be the folder of a study: %w", dir, err)
	}
	for _, entry := range entries {
		known := func(pattern string) bool { ok, _ := path.Match(pattern, entry.Name()); return ok }
		if !slices.ContainsFunc(harmless, known) {
			return fmt.Errorf("sweep: the folder %s holds no study, but other files, such as %s: "+
				"choose another Dir, so that none of them is overwritten", dir, entry.Name())
		}
	}
	return nil
}

// savePlan writes study.json. A share keeps the trials that others planned.
func (s *sweep) savePlan() error {
	dir := s.options.Dir
	if dir == "" || s.options.Share.Count <= 1 {
		return s.saveWhole()
	}
	free, err := s.lock(lock.Wait, "plan")
	if err != nil {
		return fmt.Errorf("sweep: the plan in %s is %w", dir, err)
	}
	defer free()
	saved, err := study.LoadPlan(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s.saveWhole()
	}
	if err != nil {
		return err
	}
	all, known := *s.study, map[string]bool{}
	all.Seconds = saved.Seconds + s.study.Seconds - s.before
	for _, t := range slices.Concat(s.study.Baselines, s.study.Trials) {
		known[t.Dir("")] = true
	}
	others := func(list []*study.Trial) []*study.Trial {
		return slices.DeleteFunc(list, func(t *study.Trial) bool { return known[t.Dir("")] })
	}
	all.Baselines = slices.Concat(s.study.Baselines, others(saved.Baselines))
	all.Trials = slices.Concat(s.study.Trials, others(saved.Trials))
	return all.Save(dir)
}

func (s *sweep) saveWhole() error {
	if s.options.Dir == "" {
		return nil
	}
	return s.study.Save(s.options.Dir)
}

// takeOver puts saved trials in place of those planned, and adds those of later rounds. A trial
// that failed before its first step is tried again: it costs little, and what kept it may be
// mended.
func (s *sweep) takeOver(saved []*study.Trial) {
	byName := map[string]*study.Trial{}
	for _, t := range saved {
		byName[t.Name()] = t
		if t.State == study.Failed && t.History == nil {
			t.State, t.Error = study.Pending, ""
		}
	}
	for _, list := range [][]*study.Trial{s.study.Baselines, s.study.Trials} {
		for i, planned := range list {
			if t := byName[planned.Name()]; t != nil {
				list[i] = t
				delete(byName, t.Name())
			}
		}
	}
	for _, t := range saved {
		if t.Round > 0 && byName[t.Name()] != nil {
			s.study.Trials = append(s.study.Trials, t)
		}
	}
}

// held are the trials that other processes train, with who does.
type held struct {
	mu     sync.Mutex
	trials []*study.Trial
	by     []error
}

// claim makes a trial this process's own. It is not where another process has it, which is noted,
// or where its end is in the folder already, which is taken over.
func (s *sweep) claim(t *study.Trial) (free func(), own bool, err error) {
	if s.options.Dir == "" || s.options.Share.Count <= 1 {
		return func() {}, true, nil // the whole folder is locked
	}
	free, err = s.lock(lock.Take, t.Dir(""))
	if by := new(lock.HeldError); errors.As(err, &by) {
		s.options.Log.Warn(fmt.Sprintf("sweep: trial %s is %v: left to it", t.Name(), err))
		s.held.mu.Lock()
		defer s.held.mu.Unlock()
		s.held.trials, s.held.by = append(s.held.trials, t), append(s.held.by, err)
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	ended, err := s.endedElsewhere(t)
	if err != nil || ended {
		free()
		return nil, false, err
	}
	return free, true, nil
}

// endedElsewhere takes over the end of a trial that another process trained.
func (s *sweep) endedElsewhere(t *study.Trial) (bool, error) {
	now, err := t.Reload(s.options.Dir, s.study.Split)
	if err != nil || now.State != study.Done && (now.State != study.Failed || now.History == nil) {
		return false, err
	}
	s.watch.locked(func() { *t = *now })
	s.watch.update(t)
	return true, nil
}

// left is an error where other processes have not yet ended what this share left to them.
func (s *sweep) left() error {
	var errs []error
	for i, t := range s.held.trials {
		ended, err := s.endedElsewhere(t)
		if err == nil && !ended {
			err = fmt.Errorf("trial %s is %w", t.Name(), s.held.by[i])
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		share := s.options.Share
		return fmt.Errorf("sweep: all else of share %d of %d in %s is done; run it again when those "+
			"have ended: %w", share.Index, share.Count, s.options.Dir, err)
	}
	return nil
}
