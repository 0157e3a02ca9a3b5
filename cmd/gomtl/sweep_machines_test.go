package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"al.essio.dev/pkg/shellescape"
	"github.com/gomtl/gomtl/mtl/study"
	"go.yaml.in/yaml/v3"
)

// An array ends in the table of a sweep on one machine: each index runs, all at once, what the manifest or script says, and collect puts the shares together.
func TestArray(t *testing.T) {
	undisturbed := filepath.Join(t.TempDir(), "undisturbed")
	output(t, child(t, append([]string{"sweep", "-out", undisturbed}, swept...)...))
	const shares = 3
	for _, c := range []struct {
		engine, name, script string
		flags                []string
		run                  func(t *testing.T, script string, index int) *exec.Cmd
	}{
		{"kubernetes", `we"ird $(JOB_COMPLETION_INDEX) $$ 'é' \`, "sweep.yaml", []string{"-image", "gomtl:test", "-volume", "host:/runs", "-memory", "1"}, container},
		{"slurm", "it's $HOME & `more` 100%", "sweep.sbatch", []string{"-cpus", "2", "-time", "1h"}, arrayTask},
	} {
		t.Run(c.engine, func(t *testing.T) {
			shared := t.TempDir()
			dir := filepath.Join(shared, c.name)
			args := slices.Concat([]string{"-backend", c.engine, "-shares", fmt.Sprint(shares), "-program", os.Args[0], "-mount", shared, "-out", dir}, c.flags, swept)
			printed, err := sweeping(args...)
			if err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(dir, c.script)
			if want := fmt.Sprintf("28 trials in 3 shares: %s\n", script); !strings.Contains(printed, want) || !strings.Contains(printed, "gomtl sweep collect "+shellescape.Quote(dir)) {
				t.Errorf("%q was printed; wanted %q", printed, want)
			}
			if _, err := sweeping("collect", dir); err == nil || !strings.Contains(err.Error(), "holds no study") {
				t.Errorf("collected before anything ran: %v", err)
			}
			output(t, c.run(t, script, 1))
			_, err = sweeping("collect", dir)
			for _, want := range []string{"19 of 28 trials", "not begun", "and 9 more", "submit the same job again"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("collected with one share of three: %v; wanted %q", err, want)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, study.MarkdownFile)); err == nil {
				t.Error("there are results of a study that is not done")
			}
			var together sync.WaitGroup
			for index := range shares { // the one that is done too, as when a job is submitted again
				together.Go(func() {
					out, err := c.run(t, script, index).CombinedOutput()
					if err != nil || !strings.Contains(string(out), fmt.Sprintf("share %d of 3 is done", index)) {
						t.Errorf("share %d: %v\n%s", index, err, out)
					}
				})
			}
			together.Wait()
			printed, err = sweeping("collect", dir)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(printed, "4 of 28 trials failed. To try one again, delete its folder") || !strings.Contains(printed, "Chosen: ") {
				t.Errorf("collect prints\n%s", printed)
			}
			sameResults(t, dir, undisturbed)
		})
	}
}

// The examples of the help are sweeps that could begin.
func TestSweepExamples(t *testing.T) {
	dir := t.TempDir()
	examples := regexp.MustCompile(`(?m)^    gomtl sweep (-data .*)$`).FindAllStringSubmatch(sweepDescription, -1)
	if len(examples) < 6 {
		t.Fatalf("there are %d examples", len(examples))
	}
	for _, example := range examples {
		args := append(strings.Fields(example[1]), "-out", dir, "-backend", "slurm", "-shares", "1")
		if printed, err := sweeping(args...); err != nil || !strings.Contains(printed, "trials in 1 shares") {
			t.Errorf("%s: %v\n%s", example[1], err, printed)
		}
	}
}

// container is the process of the only container of an index of the Job: the command with the variables expanded, as Kubernetes does, and no shell.
func container(t *testing.T, manifest string, index int) *exec.Cmd {
	data, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var job struct {
		Spec struct {
			Completions int
			Template    struct {
				Spec struct {
					Containers []struct{ Command []string }
				}
			}
		}
	}
	if err := yaml.Unmarshal(data, &job); err != nil {
		t.Fatal(err)
	}
	if len(job.Spec.Template.Spec.Containers) != 1 || index >= job.Spec.Completions {
		t.Fatalf("no index %d in %s", index, data)
	}
	// "Variable references $(VAR_NAME) are expanded using the container's environment. If a variable cannot be resolved, the reference in the input string will be
	// unchanged. Double $$ are reduced to a single $" (API reference, Container.command).
	reference := regexp.MustCompile(`\$\$|\$\([^)]*\)`)
	command := job.Spec.Template.Spec.Containers[0].Command
	for i, part := range command {
		command[i] = reference.ReplaceAllStringFunc(part, func(found string) string {
			switch found {
			case "$$":
				return "$"
			case "$(JOB_COMPLETION_INDEX)":
				return fmt.Sprint(index)
			}
			return found
		})
	}
	cmd := child(t, command[1:]...)
	cmd.Path, cmd.Env = command[0], append(cmd.Env, fmt.Sprintf("JOB_COMPLETION_INDEX=%d", index))
	return cmd
}

// arrayTask is the process of a task of the array: the script in a shell, with Slurm's variable.
func arrayTask(t *testing.T, script string, index int) *exec.Cmd {
	cmd := child(t)
	cmd.Path, cmd.Args, cmd.Env = "/bin/bash", []string{"bash", script}, append(cmd.Env, fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", index))
	return cmd
}
