package mtl

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/lock"
	"github.com/gomtl/gomtl/mtl/internal/saved"
)

// lockFile keeps other processes out of a run folder while a run writes there.
const lockFile = ".lock"

// checkRunDir reports a path that would not be the folder that its user means.
func checkRunDir(dir string) error {
	if strings.HasPrefix(dir, "~") {
		return fmt.Errorf("mtl: the run folder is %q, and ~ is a folder of that name here: "+
			"write the home folder out, which os.UserHomeDir returns", dir)
	}
	return nil
}

// found is what a run folder holds of a run.
type found struct {
	history    *history.History // nil where there is none
	checkpoint string           // folder of the newest checkpoint, empty where there is none
	state      *savedState
}

// openRunDir finds the run of a folder and keeps others out of it. Nothing is changed in a folder
// that another process uses, or that holds another run or something else.
func (f *fit) openRunDir(asked history.Run) (run found, err error) {
	dir := f.options.RunDir
	if err := checkRunDir(dir); err != nil {
		return found{}, err
	}
	inUse := func(held *lock.HeldError) error {
		return fmt.Errorf("mtl: the run folder %s is %w: wait until that run has ended, or choose another RunDir", dir, held)
	}
	path := filepath.Join(dir, lockFile)
	if _, err := loadRun(dir, asked); err != nil {
		if held := lock.Holder(path); held != nil { // it may be half written
			return found{}, inUse(held)
		}
		return found{}, err
	}
	f.unlock, err = lock.Take(path)
	if held := new(lock.HeldError); errors.As(err, &held) {
		return found{}, inUse(held)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		f.options.Log.Warn(fmt.Sprintf("mtl: %s: %v; see that no other process works in it", dir, err))
		err = nil
	}
	if err != nil {
		return found{}, fmt.Errorf("mtl: %w", err)
	}
	// Now that it can change no more.
	if run.history, err = loadRun(dir, asked); err != nil || run.history == nil {
		return run, err
	}
	run.checkpoint, run.state, err = lastCheckpoint(dir)
	return run, err
}

// loadRun reads the run of a folder, nil where there is none. Another run than the one asked for, or
// files of something else, are an error.
func loadRun(dir string, asked history.Run) (*history.History, error) {
	h, err := history.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, history.RunFile)); err == nil {
			return nil, fmt.Errorf("mtl: the run folder %s has a %s and no %s: put it back, or choose another RunDir",
				dir, history.RunFile, history.RecordsFile)
		}
		return nil, unusedRunDir(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("mtl: the run folder %s cannot be used, choose another RunDir: %w", dir, err)
	}
	return h, sameRun(h.Run, asked, dir)
}

// beside are patterns of what may be in a run folder before its run.
var beside = []string{".*", "trial.json", "earlier-*", history.RunFile + ".tmp"}

// unusedRunDir is an error where a folder without a run has files of something else.
func unusedRunDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("mtl: %s cannot be a run folder: %w", dir, err)
	}
	for _, entry := range entries {
		known := func(pattern string) bool { ok, _ := filepath.Match(pattern, entry.Name()); return ok }
		if slices.ContainsFunc(beside, known) || begun(entry) {
			continue
		}
		what := "holds no run, but other files, such as " + entry.Name()
		if entry.Name() == saved.Dir {
			what = fmt.Sprintf("has checkpoints but lost its %s", history.RunFile)
		}
		return fmt.Errorf("mtl: the run folder %s %s: choose another RunDir, so that nothing there is overwritten", dir, what)
	}
	return nil
}

// begun tells whether a file is what history.Create makes first: a process that was killed there, or
// whose disk was full, has left no run.
func begun(entry fs.DirEntry) bool {
	if entry.Name() != history.RecordsFile && entry.Name() != history.PointsFile {
		return false
	}
	info, err := entry.Info()
	return err == nil && info.Size() == 0
}

// sameRun reports what keeps a run from being continued by this call. More steps, other observers,
// and how often it is validated, recorded and saved are no difference.
func sameRun(saved, asked history.Run, dir string) error {
	differs := func(what string, a, b any) error {
		return fmt.Errorf("mtl: the run folder %s holds another run: its %s is %v, asked for is %v; choose another RunDir or delete this one", dir, what, a, b)
	}
	names := func(r history.Run) (names []string) {
		for _, t := range r.Tasks {
			names = append(names, t.Name)
		}
		return names
	}
	switch {
	case !slices.Equal(names(saved), names(asked)):
		return differs("list of tasks", names(saved), names(asked))
	case saved.Seed != asked.Seed:
		return differs("seed", saved.Seed, asked.Seed)
	case fmt.Sprint(saved.Hyperparameters) != fmt.Sprint(asked.Hyperparameters):
		return differs("set of hyper-parameters", saved.Hyperparameters, asked.Hyperparameters)
	case !slices.Equal(saved.Frozen, asked.Frozen):
		return differs("list of frozen paths", saved.Frozen, asked.Frozen)
	case asked.Steps < saved.Steps:
		return differs("number of steps", saved.Steps, asked.Steps)
	}
	saved.Training, asked.Training = maps.Clone(saved.Training), maps.Clone(asked.Training)
	if !maps.Equal(saved.Versions, asked.Versions) { // which may build the same in another way
		delete(saved.Training, forwardPass)
		delete(asked.Training, forwardPass)
	}
	if differences := Differences(saved.Training, asked.Training); len(differences) > 0 {
		return fmt.Errorf("mtl: the run folder %s holds another run: its %s; choose another RunDir or delete this one",
			dir, strings.Join(differences, "; its "))
	}
	return nil
}

// setAside keeps the records of a run whose checkpoints are gone, or that ended before its first one:
// it starts over.
func (f *fit) setAside(old *history.History) error {
	dir := f.options.RunDir
	if len(old.Records) == 0 {
		return os.Remove(filepath.Join(dir, history.RunFile))
	}
	aside, err := history.SetAside(dir)
	if err == nil {
		f.options.Log.Info(fmt.Sprintf("mtl: the run in %s has no checkpoint and starts over; its %d records are kept in %s",
			dir, len(old.Records), aside))
	}
	return err
}

// training is the Description of this run.
func (f *fit) training() map[string]string {
	if f.options.RunDir == "" {
		return nil // nobody compares it, and large data take time
	}
	said := describeTraining(f.model, f.options)
	train := f.data.Train
	if train == nil {
		train = f.compiled.data.Train
	}
	options := f.options
	options.Store = f.compiled.store // which has the parameters of layers
	said[forwardPass] = describeForwardPass(f.model, train, options)
	said["training data"] = f.compiled.describeData(f.data.Train, f.compiled.data.Train)
	said["validation data"] = f.compiled.describeData(f.data.Validation, f.compiled.data.Validation)
	if f.compiled.data.Train == nil {
		said["training data"] = fmt.Sprintf("a stream of batches of %s", f.compiled.executor.compiler.feed.shapes)
	}
	return said
}

// describeData describes a run's own split, or that of Compile, which serves many runs.
func (c *Compiled) describeData(own, compiled *Split) string {
	if own != nil {
		return describeSplit(own, c.model)
	}
	c.opening.Lock()
	defer c.opening.Unlock()
	text, known := c.described[compiled]
	if !known {
		text = describeSplit(compiled, c.model)
		if c.described == nil {
			c.described = map[*Split]string{}
		}
		c.described[compiled] = text
	}
	return text
}
