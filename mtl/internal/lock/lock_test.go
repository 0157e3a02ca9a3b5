package lock_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/internal/lock"
)

// Whoever comes second is told who was first; locks that are shared go together, and with no other.
func TestLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "one")
	type taking = func(string) (func(), error)
	for _, c := range []struct {
		first, second taking
		together      bool
	}{
		{lock.Take, lock.Take, false}, {lock.Take, lock.Share, false}, {lock.Share, lock.Take, false},
		{lock.Share, lock.Share, true}, {lock.Wait, lock.Take, false},
	} {
		free, err := c.first(path)
		if err != nil {
			t.Fatal(err)
		}
		other, err := c.second(path)
		held := new(lock.HeldError)
		switch {
		case c.together && err == nil:
			other()
		case c.together || !errors.As(err, &held):
			t.Errorf("the second has the error %v", err)
		case !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d on", os.Getpid())):
			t.Errorf("the error does not say who: %v", err)
		}
		free()
		again, err := c.second(path)
		if err != nil {
			t.Fatalf("a lock that was freed: %v", err)
		}
		again()
	}
	if _, err := lock.Take(filepath.Join(path, "below a file")); err == nil {
		t.Error("a lock below a file")
	}
}

func TestWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one")
	var inside, most, count int
	var all sync.Mutex
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			free, err := lock.Wait(path)
			if err != nil {
				t.Error(err)
				return
			}
			all.Lock()
			inside++
			most, count = max(most, inside), count+1
			all.Unlock()
			time.Sleep(5 * time.Millisecond)
			all.Lock()
			inside--
			all.Unlock()
			free()
		})
	}
	group.Wait()
	if most != 1 || count != 5 {
		t.Errorf("%d of 5 had the lock, up to %d at once", count, most)
	}
}
