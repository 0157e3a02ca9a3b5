// Package lock keeps processes that work in one folder apart. Locks are advisory (flock), and free
// when their process ends, however it ends. On a network folder they hold between machines where
// the file system has them.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// HeldError is the error of a lock that somebody else has.
type HeldError struct {
	Path string
	// Holder is the process that has it, in words.
	Holder string
}

// Error names the holder.
func (e *HeldError) Error() string { return "in use by " + e.Holder }

// Take locks a file, which it makes where there is none, for the caller alone. It does not wait.
func Take(path string) (free func(), err error) { return acquire(path, (*flock.Flock).TryLock) }

// Holder is the error of Take where somebody else has the lock, nil where Take could have it. It
// changes nothing.
func Holder(path string) *HeldError {
	f := flock.New(path, flock.SetFlag(os.O_RDONLY)) // which makes no file
	locked, err := f.TryLock()
	if err == nil && !locked {
		return &HeldError{path, holder(path)}
	}
	_ = f.Unlock()
	return nil
}

// Share locks a file together with others that share it.
func Share(path string) (free func(), err error) { return acquire(path, (*flock.Flock).TryRLock) }

// patience is how long Wait waits: what is done under its locks takes a moment.
const patience = time.Minute

// Wait is Take after others that do a moment's work.
func Wait(path string) (free func(), err error) {
	return acquire(path, func(f *flock.Flock) (bool, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		locked, err := f.TryLockContext(ctx, 10*time.Millisecond)
		if errors.Is(err, context.DeadlineExceeded) {
			return false, nil
		}
		return locked, err
	})
}

func acquire(path string, try func(*flock.Flock) (bool, error)) (free func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("a lock cannot be made: %w", err)
	}
	f := flock.New(path)
	locked, err := try(f)
	switch {
	case errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK):
		return nil, fmt.Errorf("the file system has no locks: %w: %w", errors.ErrUnsupported, err)
	case err != nil:
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	case !locked:
		return nil, &HeldError{path, holder(path)}
	}
	_ = os.WriteFile(path, []byte(self()), 0o666) // for the message of the other only
	return func() { _ = f.Unlock() }, nil
}

// self is this process in words.
func self() string {
	host, err := os.Hostname()
	if err != nil {
		host = "a machine without a name"
	}
	now := time.Now().Format(time.DateTime)
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, now)
}

func holder(path string) string {
	text, err := os.ReadFile(path)
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		return name
	}
	return "another process"
}
