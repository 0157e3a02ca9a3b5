// Package compilation counts how the XLA programs of this process came to be: compiled, or loaded
// because an earlier compilation of the same program was kept.
package compilation

import (
	"fmt"
	"sync"
	"time"
)

// Count is a number of programs and the time that they took.
type Count struct {
	Compiled, Loaded int
	CompileTime      time.Duration // of those compiled
	LoadTime         time.Duration // of those loaded
}

var (
	mutex sync.Mutex
	total Count
)

// Compiled counts a program that was compiled.
func Compiled(d time.Duration) { add(Count{Compiled: 1, CompileTime: d}) }

// Loaded counts a program that was loaded.
func Loaded(d time.Duration) { add(Count{Loaded: 1, LoadTime: d}) }

func add(c Count) {
	mutex.Lock()
	defer mutex.Unlock()
	total = Count{
		total.Compiled + c.Compiled, total.Loaded + c.Loaded,
		total.CompileTime + c.CompileTime, total.LoadTime + c.LoadTime,
	}
}

// Total returns the count since the process began.
func Total() Count {
	mutex.Lock()
	defer mutex.Unlock()
	return total
}

// Since returns what was added to an earlier total.
func Since(earlier Count) Count {
	now := Total()
	return Count{
		now.Compiled - earlier.Compiled, now.Loaded - earlier.Loaded,
		now.CompileTime - earlier.CompileTime, now.LoadTime - earlier.LoadTime,
	}
}

// String says it in a few words, such as "compiled in 2.4 s" or "compiled before, 0.1 s".
// It is empty where nothing was counted, as on the pure-Go backend.
func (c Count) String() string {
	switch {
	case c.Compiled == 0 && c.Loaded == 0:
		return ""
	case c.Loaded == 0:
		return fmt.Sprintf("compiled in %.1f s", c.CompileTime.Seconds())
	case c.Compiled == 0:
		return fmt.Sprintf("compiled before, %.1f s", c.LoadTime.Seconds())
	}
	return fmt.Sprintf("%d of %d programs compiled before, the others in %.1f s",
		c.Loaded, c.Loaded+c.Compiled, c.CompileTime.Seconds())
}
