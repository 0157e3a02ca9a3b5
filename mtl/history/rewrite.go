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

// SetAside moves the description and the records of a run in a folder into a new folder below it,
// whose path it returns, and leaves all else.
func SetAside(dir string) (aside string, err error) {
	for n := 1; ; n++ {
		aside = filepath.Join(dir, fmt.Sprintf("earlier-%d", n))
		err := os.Mkdir(aside, 0o777)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("history: the run in %s cannot be kept aside: %w", dir, err)
		}
	}
	// The description first: a folder without one holds no run, whatever else is in it.
	for _, name := range []string{RunFile, RecordsFile, PointsFile} {
		err := os.Rename(filepath.Join(dir, name), filepath.Join(aside, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("history: the run in %s cannot be kept aside: %w", dir, err)
		}
	}
	return aside, nil
}
