package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Rewrite replaces the description of the run in a folder, as when a run is continued for more steps.
func Rewrite(dir string, run Run) error { return writeRun(filepath.Join(dir, RunFile), run) }

// Reset removes the description and the records of a run from a folder, if there are any, and leaves all else.
func Reset(dir string) error {
	// The description first: a folder without one holds no run, whatever else is in it.
	for _, name := range []string{RunFile, RecordsFile, PointsFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("history: cannot start over in %s: %w", dir, err)
		}
	}
	return nil
}
