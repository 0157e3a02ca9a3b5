package history_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

// TestReadOnlyFolder works for root too: the thread gives up root's right to write everywhere while it runs.
func TestReadOnlyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	write(t, dir, record(1, history.Train))
	check(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { check(t, os.Chmod(dir, 0o700)) })
	if os.Geteuid() == 0 {
		check(t, os.Chown(dir, 65534, 65534))
		for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
			check(t, os.Chmod(d, 0o555))
		}
		runtime.LockOSThread()
		check(t, syscall.Setfsuid(65534))
		defer func() {
			check(t, syscall.Setfsuid(0))
			runtime.UnlockOSThread()
		}()
	}
	h, err := history.Load(dir)
	if err != nil {
		t.Fatalf("reading a read-only folder: %v", err)
	}
	_, err = history.Resume(dir, h, 1)
	wantError(t, err, dir, "permission denied")
	_, err = history.Create(filepath.Join(dir, "below"), run)
	wantError(t, err, "below", "permission denied")
}
