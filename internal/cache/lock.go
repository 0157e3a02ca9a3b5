package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Lock creates dir, waits until no other set-up works in it, and removes what a killed one left unfinished there. The system frees
// the lock of a process that dies.
func Lock(ctx context.Context, dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("gomtl: making the cache folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		Say("waiting for another set-up in %s", dir)
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("gomtl: locking %s: %w", dir, err)
	}
	if err := RemoveTemps(dir); err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("gomtl: clearing %s: %w", dir, err)
	}
	return func() { _ = lock.Unlock() }, nil
}
