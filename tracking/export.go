package tracking

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/history"
)

// errUnfinished is how the replay of a run ends whose records stop before its last step: whether it was interrupted, failed, stopped early or
// is still being trained is not in its folder.
var errUnfinished = errors.New("the records end before the last step")

// Export writes a run to each of the tools and returns what went wrong in any of them. A run whose records end before its last step is
// written as one that has not ended.
func Export(h *history.History, to ...Writer) error {
	replay(h, to)
	return errorsOf(to)
}

func replay(h *history.History, to []Writer) {
	last := 0
	for _, r := range h.Records {
		last = max(last, r.Step)
	}
	var end error
	if last < h.Run.Steps {
		end = errUnfinished
	}
	for _, w := range to {
		w.Begin(h.Run)
		for _, r := range h.Records {
			w.Record(r)
		}
		w.End(end)
	}
}

func errorsOf(to []Writer) error {
	var err error
	for _, w := range to {
		err = errors.Join(err, w.Err())
	}
	return err
}

// ExportFolders exports every run in and below folders and returns the names that they have in the tools: the path of the run's folder, from
// the last element of the given one on. A folder that cannot be read does not keep the others from being exported.
func ExportFolders(folders []string, to ...Writer) (names []string, err error) {
	runs, err := find(folders)
	if err != nil {
		return nil, err
	}
	var broken error
	for _, run := range runs {
		h, err := history.Load(run.folder)
		if err != nil {
			broken = errors.Join(broken, fmt.Errorf("tracking: %s is not exported: %w", run.name, err))
			continue
		}
		h.Run.Name = run.name
		replay(h, to)
		names = append(names, run.name)
	}
	return names, errors.Join(broken, errorsOf(to))
}

type found struct{ name, folder string }

// find lists the run folders in and below folders.
func find(folders []string) ([]found, error) {
	var runs []found
	at := map[string]string{} // by name
	for _, folder := range folders {
		root, err := filepath.Abs(folder)
		if err != nil {
			return nil, fmt.Errorf("tracking: %w", err)
		}
		before := len(runs)
		err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Name() != history.RunFile {
				return err
			}
			run := found{folder: filepath.Dir(path)}
			relative, err := filepath.Rel(filepath.Dir(root), run.folder)
			if err != nil {
				return err
			}
			run.name = filepath.ToSlash(relative)
			if other, taken := at[run.name]; taken && other != run.folder {
				return fmt.Errorf("%s and %s would both be written as %q: export a folder that holds both, or each to a folder of its own",
					other, run.folder, run.name)
			} else if !taken {
				at[run.name] = run.folder
				runs = append(runs, run)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("tracking: %w", err)
		}
		if len(runs) == before {
			return nil, fmt.Errorf("tracking: there is no run in or below %s: wanted a folder with a %s", folder, history.RunFile)
		}
	}
	return runs, nil
}
