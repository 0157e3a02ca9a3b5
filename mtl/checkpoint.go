package mtl

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
	"github.com/gomtl/gomtl/mtl/internal/saved"
	"github.com/gomtl/gomtl/mtl/internal/wire"
)

const keepNewest = 2

// savedState is what resuming needs besides the variables.
type savedState struct {
	saved.Mark
	Seconds float64 `json:"seconds"`
	Window  window  `json:"window"`
	// Best is the step of the best validation so far, 0 when there was none.
	Best int `json:"best"`
	// Stopped says why the run ended before its last step, empty while it may go on.
	Stopped string `json:"stopped,omitempty"`
	// Files holds the SHA-256 of the checkpoint's other files.
	Files map[string]string `json:"files"`
}

// saveCheckpoint writes the store and state into dir/checkpoints/step-N: under another name first,
// flushed to the disk, then renamed, so that a checkpoint is whole or not there. What lies in dir is
// named there on the disk before. It keeps the newest two and the best.
func saveCheckpoint(dir string, store *model.Store, state savedState) (err error) {
	root := filepath.Join(dir, saved.Dir)
	if err = os.Mkdir(root, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("mtl: cannot make the checkpoint folder: %w", err)
	}
	if err = syncPath(dir); err != nil { // the names of the records, and of this folder
		return fmt.Errorf("mtl: cannot save a checkpoint in %s: %w", dir, err)
	}
	temporary, err := os.MkdirTemp(root, ".saving-")
	if err != nil {
		return fmt.Errorf("mtl: cannot make a checkpoint in %s: %w", root, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("mtl: checkpoint of step %d not saved, earlier ones are untouched: %w", state.Step, errors.Join(err, os.RemoveAll(temporary)))
		}
	}()
	if err = saveVariables(temporary, store); err != nil {
		return err
	}
	if state.Files, err = hashFiles(temporary); err != nil {
		return err
	}
	text, err := wire.Seal(state)
	if err != nil {
		return err
	}
	if err = os.WriteFile(filepath.Join(temporary, saved.StateFile), text, 0o666); err != nil {
		return err
	}
	if err = syncAll(temporary); err != nil {
		return err
	}
	final := filepath.Join(root, saved.StepDir(state.Step))
	// A checkpoint of this very step can exist: from before a resume, or from the end of a run that is now continued.
	if err = os.RemoveAll(final); err != nil {
		return err
	}
	if err = os.Rename(temporary, final); err != nil {
		return err
	}
	if err = syncPath(root); err != nil {
		return err
	}
	return pruneCheckpoints(root, state.Best)
}

// saveVariables writes the store with GoMLX's checkpoint package and checks what it wrote, because that package drops short writes.
func saveVariables(dir string, store *model.Store) error {
	loader := store.Loader()
	defer store.SetLoader(loader)
	var handler *checkpoint.Handler
	var err error
	if panicked := try(func() {
		if handler, err = checkpoint.Build(store).Dir(dir).ExcludeAllParams().WithCompression(checkpoint.BinUncompressed).Done(); err == nil {
			err = handler.Save()
		}
	}); panicked != nil {
		return panicked
	}
	if err != nil {
		return err
	}
	want := int64(0)
	for v := range store.IterVariables() {
		want += v.Shape().ByteSize()
	}
	files, err := fs.Glob(os.DirFS(dir), "*"+checkpoint.BinDataSuffix) // in dir, whose own name may hold a [
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("wanted one file of variables in %s, got %q", dir, files)
	}
	info, err := os.Stat(filepath.Join(dir, files[0]))
	if err != nil {
		return err
	}
	if info.Size() < want {
		return fmt.Errorf("only %d of %d bytes of variables were written: is the disk full?", info.Size(), want)
	}
	return nil
}

// loadVariables reads the variables of a checkpoint folder into store. Those that compared selects
// must be the same in both. Nothing is changed when it returns an error.
func loadVariables(dir string, store *model.Store, compared func(path string) bool) error {
	scratch := model.NewStore()
	var err error
	if panicked := try(func() {
		_, err = checkpoint.Load(scratch).Dir(dir).ExcludeAllParams().Immediate().Done()
	}); panicked != nil {
		err = panicked
	}
	if err != nil {
		return fmt.Errorf("mtl: cannot read the checkpoint %s: %w", dir, err)
	}
	if err := sameVariables(scratch, store, compared); err != nil {
		return fmt.Errorf("mtl: the checkpoint %s is of another model: %w", dir, err)
	}
	for loaded := range scratch.IterVariables() {
		value, err := loaded.Value()
		if err != nil {
			return err
		}
		if v := store.GetVariable(loaded.Path()); v == nil {
			_, err = store.CreateVariable(loaded.Path(), value)
		} else {
			err = v.SetValue(value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LoadCheckpoint reads a checkpoint of a run folder into store. which is "last" or "best"; best falls
// back to last in a run without validation. A store that has variables of a model already must have
// those of the checkpoint: the error lists what differs, and nothing is changed.
func LoadCheckpoint(store *model.Store, dir, which string) error {
	if err := checkRunDir(dir); err != nil {
		return err
	}
	if which != "last" && which != "best" {
		return fmt.Errorf("mtl: there is no checkpoint %q: wanted \"last\" or \"best\"", which)
	}
	path, state, err := lastCheckpoint(dir)
	if err != nil {
		return err
	}
	if path == "" {
		return fmt.Errorf("mtl: %s holds no checkpoint: train with FitOptions.RunDir set to it first", dir)
	}
	if which == "best" && state.Best > 0 {
		path = filepath.Join(dir, saved.Dir, saved.StepDir(state.Best))
		if _, err := readState(path); err != nil {
			return err
		}
	}
	compared := noPath
	if len(modelPaths(store)) > 0 {
		compared = isModelPath
	}
	return loadVariables(path, store, compared)
}

// lastCheckpoint returns the newest checkpoint of a run folder, an empty path when there is none.
func lastCheckpoint(dir string) (path string, state *savedState, err error) {
	root := filepath.Join(dir, saved.Dir)
	steps, err := saved.Steps(root)
	if err != nil {
		return "", nil, fmt.Errorf("mtl: %w", err)
	}
	if len(steps) == 0 {
		return "", nil, nil
	}
	path = filepath.Join(root, saved.StepDir(steps[len(steps)-1]))
	state, err = readState(path)
	if err != nil && len(steps) > 1 {
		err = fmt.Errorf("%w; the checkpoint of step %d is older: delete this folder to go on from there", err, steps[len(steps)-2])
	}
	return path, state, err
}

// readState reads a checkpoint's state and checks it and the SHA-256 of every file.
func readState(path string) (*savedState, error) {
	text, err := os.ReadFile(filepath.Join(path, saved.StateFile))
	if err != nil {
		return nil, fmt.Errorf("mtl: the checkpoint %s is not whole: %w", path, err)
	}
	corrupt := func(format string, args ...any) error {
		return fmt.Errorf("mtl: the checkpoint %s is corrupt: %w", path, fmt.Errorf(format, args...))
	}
	state := &savedState{}
	if err := wire.Unseal(text, state); err != nil {
		return nil, corrupt("%s: %w", saved.StateFile, err)
	}
	if name := saved.StepDir(state.Step); name != filepath.Base(path) {
		return nil, corrupt("it is of step %d, so its folder should be %s", state.Step, name)
	}
	have, err := hashFiles(path)
	if err != nil {
		return nil, fmt.Errorf("mtl: the checkpoint %s is not whole: %w", path, err)
	}
	for name, sum := range state.Files {
		if have[name] != sum {
			return nil, corrupt("%s has not the SHA-256 that was saved", name)
		}
	}
	for name := range have {
		if state.Files[name] == "" {
			return nil, corrupt("%s does not belong to it", name)
		}
	}
	return state, nil
}

// pruneCheckpoints removes what is neither among the newest nor the best, and what killed processes left half made.
func pruneCheckpoints(root string, best int) error {
	steps, err := saved.Steps(root)
	if err != nil {
		return err
	}
	for _, step := range steps[:max(0, len(steps)-keepNewest)] {
		if step != best {
			if err := os.RemoveAll(filepath.Join(root, saved.StepDir(step))); err != nil {
				return err
			}
		}
	}
	halves, err := fs.Glob(os.DirFS(root), ".saving-*")
	if err != nil {
		return err
	}
	for _, half := range halves {
		if err := os.RemoveAll(filepath.Join(root, half)); err != nil {
			return err
		}
	}
	return nil
}

func hashFiles(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, entry := range entries {
		if entry.Name() == saved.StateFile {
			continue
		}
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		sums[entry.Name()] = hex.EncodeToString(hash.Sum(nil))
	}
	return sums, nil
}

// syncAll flushes the files of a folder, and the folder, to the disk.
func syncAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := syncPath(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return syncPath(dir)
}

// syncPath flushes a file, or the names in a folder, to the disk. Tests watch it.
var syncPath = func(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
