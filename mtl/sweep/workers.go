package sweep

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/mtl/study"
)

// copies is how often a run's variables may be in memory at once: before and after a step, and while they are saved.
const copies = 3

// workers is how many trials to run at once: as asked for, or one a core, and at least two, where XLA runs on the CPU, but no more than memory allows. first is one of them.
// Elsewhere a trial has the device for itself: on a GPU, training several models stacked in one program would be the way to fill it.
func (s *sweep) workers(first *study.Trial) int {
	o := &s.options
	count := o.Workers
	if count == 0 {
		count = 1
		if onCPU(o.Fit.Backend) {
			count = max(2, runtime.GOMAXPROCS(0)) // on one core the other trains while one waits for the disk
		}
	}
	// GoMLX's pure-Go backend hangs when two programs with loops, such as solvers, run at once.
	if o.Fit.Backend.Name() == "go" {
		return 1
	}
	if c, err := s.group(first).compiled(); err == nil { // else the trial itself reports it
		limit := o.MemoryBytes
		if limit == 0 {
			limit = freeMemory() / 2
		}
		if each := copies * c.RunBytes(); each > 0 && limit > 0 {
			count = min(count, max(1, int(limit/each)))
		}
	}
	return count
}

func onCPU(b compute.Backend) bool {
	return strings.Contains(strings.ToLower(b.DeviceDescription(0)), "cpu")
}

// freeMemory is what Linux says can be used without swapping, 0 where it says nothing.
func freeMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
