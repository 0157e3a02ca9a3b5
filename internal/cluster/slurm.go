package cluster

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
)

// Slurm is a script for sbatch: an array with a task for each share, whose output is added to share-INDEX.log in the folder dir. A task whose node fails is
// queued again.
func (j Job) Slurm(dir string) ([]byte, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	if !filepath.IsAbs(dir) || strings.ContainsFunc(dir, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return nil, fmt.Errorf("cluster: sbatch cannot write into %q; wanted an absolute path without double quotes, backslashes and control characters", dir)
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	directive := func(needed bool, format string, args ...any) {
		if needed {
			line("#SBATCH --"+format, args...)
		}
	}
	array := fmt.Sprintf("0-%d", j.Shares-1)
	if p := j.parallel(); p < j.Shares {
		array += fmt.Sprintf("%%%d", p)
	}
	line("#!/bin/bash")
	directive(true, "job-name=%s", j.Name)
	directive(true, "array=%s", array)
	directive(true, `output="%s/share-%%a.log"`, strings.ReplaceAll(dir, "%", "%%")) // %a is the task's number, %% a %
	directive(true, "open-mode=append")
	directive(true, "requeue")
	directive(j.Time > 0, "time=%s", clock(j.Time))
	directive(j.CPUs > 0, "cpus-per-task=%d", j.CPUs)
	directive(j.MemoryGiB > 0, "mem=%dG", j.MemoryGiB)
	directive(j.GPUs > 0, "gres=gpu:%d", j.GPUs)
	if j.CPUs > 0 { // some clusters do not bind a task to its cores
		line("export GOMAXPROCS=%d", j.CPUs)
	}
	line(`exec %s "-share=${SLURM_ARRAY_TASK_ID:?run this by sbatch}/%d"`, shellescape.QuoteCommand(j.Command), j.Shares)
	return []byte(b.String()), nil
}

// clock is a duration as hours:minutes:seconds.
func clock(d time.Duration) string {
	s := seconds(d)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
