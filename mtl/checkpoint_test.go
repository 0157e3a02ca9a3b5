package mtl

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/saved"
)

// The disk knows the records and the folder of checkpoints by name before it knows a checkpoint, so
// that no power cut leaves a checkpoint without them; after a resume, which replaces files, too.
func TestFolderIsSyncedBeforeItsCheckpoints(t *testing.T) {
	plain := syncPath
	defer func() { syncPath = plain }()
	dir := t.TempDir()
	for _, steps := range []int{4, 8} {
		var order []string
		syncPath = func(path string) error {
			if path == dir {
				for _, name := range []string{history.RunFile, history.RecordsFile, saved.Dir} {
					if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
						t.Errorf("the folder is synced without %s", name)
					}
				}
			}
			order = append(order, path)
			return plain(path)
		}
		m, data, o := folderRun(t, dir)
		o.Steps = steps
		fitTo(t, m, data, o)
		folder, checkpoints := slices.Index(order, dir), slices.Index(order, filepath.Join(dir, saved.Dir))
		if folder < 0 || checkpoints < folder {
			t.Errorf("%d steps: synced in the order %q", steps, order)
		}
	}
}
