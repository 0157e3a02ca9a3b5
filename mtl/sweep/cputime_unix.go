//go:build unix

package sweep

import (
	"syscall"
	"time"
)

// processTime is the CPU time that this process has used on all cores.
func processTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
