package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
)

// workersKey is where a context keeps the lock that the programs of a set-up hold.
type workersKey struct{}

// holding waits until no program of a killed set-up is at work in dir, such as a pip that goes on installing. The programs that command starts with the returned
// context then hold dir as long as they live. release must be called at the end.
func holding(ctx context.Context, dir string) (held context.Context, release func(), err error) {
	file, err := os.OpenFile(filepath.Join(dir, ".workers"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	for said := false; ; said = true {
		// A lock of the open file: it lasts until the last process that inherited the file has ended.
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		if !said {
			cache.Say("waiting for a program of a set-up that was killed")
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, fmt.Errorf("gomtl: locking %s: %w", file.Name(), err)
	}
	return context.WithValue(ctx, workersKey{}, file), func() { _ = file.Close() }, nil
}
