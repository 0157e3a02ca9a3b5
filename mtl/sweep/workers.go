package sweep

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/study"
)

const (
	// copies is how often a run's variables may be in memory at once: before and after a step, and while they are saved.
	copies = 3
	// staffPeriod is the time from one look at how busy the cores are to the next.
	staffPeriod = 150 * time.Millisecond
	// spare is by how many cores a worker more may exceed what there is. It is above 0 because workers wait for the disk.
	spare = 0.7
)

// staff is the goroutines that train. Unless told how many, it begins with one and hires while cores are idle: XLA keeps all of them busy with one model if its
// operations are large, as convolutions, and a single one if they are small.
type staff struct {
	work         func()
	wait         sync.WaitGroup
	active, most int
	cores        float64
	cpu          time.Duration // of this process, and
	at           time.Time     // when it was read
}

// newStaff hires those that the options ask for, or the first one. trial is one of those to train.
func (s *sweep) newStaff(trial *study.Trial, work func()) *staff {
	st := &staff{work: work, cores: float64(runtime.GOMAXPROCS(0)), most: s.workers(trial)}
	st.hire()
	for s.options.Workers > 0 && st.active < st.most {
		st.hire()
	}
	st.cpu, st.at = processTime(), time.Now()
	return st
}

func (st *staff) hire() {
	st.active++
	st.wait.Go(st.work)
}

// review hires one more where there is room for it beside what each has used since the last review.
func (st *staff) review() {
	cpu, now := processTime(), time.Now()
	each := (cpu - st.cpu).Seconds() / now.Sub(st.at).Seconds() / float64(st.active)
	st.cpu, st.at = cpu, now
	if st.active < st.most && each*float64(st.active+1) <= st.cores+spare {
		st.hire()
	}
}

// workers is how many trials may run at once: as asked for, or one a core, and at least two, where XLA runs on the CPU, but no more than memory allows.
// Elsewhere a trial has the device for itself: on a GPU, training several models stacked in one program would be the way to fill it.
func (s *sweep) workers(trial *study.Trial) int {
	o := &s.options
	count := o.Workers
	if count == 0 {
		count = 1
		if mtl.OnCPU(o.Fit.Backend) {
			count = max(2, runtime.GOMAXPROCS(0)) // on one core the other trains while one waits for the disk
		}
	}
	// GoMLX's pure-Go backend hangs when two programs with loops, such as solvers, run at once.
	if mtl.IsPureGo(o.Fit.Backend) {
		return 1
	}
	if c, err := s.group(trial).compiled(); err == nil { // else the trial itself reports it
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
