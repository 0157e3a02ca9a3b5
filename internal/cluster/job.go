// Package cluster writes the files that hand the shares of a sweep to an engine that exists already: an indexed Kubernetes Job, or a Slurm array script.
// Neither needs gomtl to talk to the engine: the file is submitted with the engine's own command, and each of its tasks is a process that knows its number.
package cluster

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Job is a command that runs once for each share of the work, at any time, on any machine. A share that is started again goes on where it was.
type Job struct {
	// Name has lower-case letters, digits and hyphens; see NameFor.
	Name string
	// Command is a program and its arguments, to which -share=INDEX/SHARES is added, INDEX counting from 0.
	Command []string
	Shares  int
	// Parallel is how many shares run at once; 0 means all.
	Parallel int
	// Time bounds one attempt at a share; 0 is no bound, or that of the engine.
	Time time.Duration
	// CPUs, MemoryGiB and GPUs are for each share; 0 leaves them to the engine.
	CPUs, MemoryGiB, GPUs int
}

func (j Job) check() error {
	switch {
	case j.Shares < 1:
		return fmt.Errorf("cluster: the job has %d shares; wanted 1 or more", j.Shares)
	case j.Parallel < 0 || j.CPUs < 0 || j.MemoryGiB < 0 || j.GPUs < 0 || j.Time < 0:
		return fmt.Errorf("cluster: the job asks for %d shares at once, %d CPUs, %d GiB, %d GPUs, %v; wanted nothing below 0", j.Parallel, j.CPUs, j.MemoryGiB, j.GPUs, j.Time)
	case len(j.Command) == 0:
		return fmt.Errorf("cluster: the job has no command")
	case !validName.MatchString(j.Name) || len(j.Name) > mostName:
		return fmt.Errorf("cluster: the job cannot be called %q: wanted up to %d lower-case letters, digits and hyphens, a letter first, no hyphen last", j.Name, mostName)
	}
	for _, part := range j.Command {
		if strings.ContainsRune(part, 0) {
			return fmt.Errorf("cluster: the argument %q has a zero byte, which no program can be given", part)
		}
	}
	return nil
}

// parallel is how many shares run at once.
func (j Job) parallel() int {
	if j.Parallel == 0 {
		return j.Shares
	}
	return min(j.Parallel, j.Shares)
}

// seconds is a duration in whole seconds, rounded up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// mostName leaves room for an index in the 63 characters of a host name.
const mostName = 52

var (
	validName = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	unusual   = regexp.MustCompile(`[^a-z0-9]+`)
)

// NameFor makes a text, such as the name of a folder, a job's name.
func NameFor(text string) string {
	name := strings.Trim(unusual.ReplaceAllString(strings.ToLower(text), "-"), "-")
	name = strings.Trim(name[:min(len(name), mostName)], "-")
	if !validName.MatchString(name) {
		name = strings.Trim("sweep-"+name[:min(len(name), mostName-6)], "-")
	}
	return name
}
