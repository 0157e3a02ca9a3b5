package cluster_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/internal/cluster"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// oddArguments are arguments that shells, YAML and Kubernetes each take for something else.
var oddArguments = []string{
	"", " ", "it's", `"`, `\`, "$HOME", "$(JOB_COMPLETION_INDEX)", "$$", "$$$(X)", "`id`", "a\nb", "#no", "*", "~", "!", "--", "null", "yes", "0x1", "1e3", "- a: b", "é✓", "\t", "%a", "{a,b}", "a;b|c&d",
}

// The script's process gets the arguments as they are, and its index.
func TestSlurmArguments(t *testing.T) {
	job := cluster.Job{Name: "j", Shares: 3, Command: append([]string{"printf", `%s\0`}, oddArguments...)}
	script, err := job.Slurm("/tmp")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash")
	cmd.Stdin, cmd.Env = bytes.NewReader(script), []string{"SLURM_ARRAY_TASK_ID=2", "PATH=/usr/bin:/bin", "HOME=/nowhere"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(oddArguments), "-share=2/3", "")
	if got := strings.Split(string(out), "\x00"); !slices.Equal(got, want) {
		t.Errorf("the arguments are\n%q\nwanted\n%q", got, want)
	}
	cmd = exec.Command("bash")
	cmd.Stdin, cmd.Env = bytes.NewReader(script), []string{"PATH=/usr/bin:/bin"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "run this by sbatch") {
		t.Errorf("outside of an array the script does something: %v %s", err, out)
	}
}

// directives are the options of sbatch(1) that scripts use, of Slurm 22.05 and later, and what their values look like.
var directives = map[string]string{
	"job-name":      `[a-z][-a-z0-9]*`,
	"array":         `0-\d+(%\d+)?`,
	"output":        `"/[^"\\]*%a\.log"`,
	"open-mode":     `append|truncate`,
	"requeue":       ``,
	"time":          `\d\d+:[0-5]\d:[0-5]\d`,
	"cpus-per-task": `[1-9]\d*`,
	"mem":           `[1-9]\d*[KMGT]`,
	"gres":          `gpu:[1-9]\d*`,
}

// full asks for everything, bare for nothing.
var full, bare = cluster.Job{
	Name: "full", Command: []string{"a program", "-x=y z"}, Shares: 100, Parallel: 7, Time: 50*time.Hour + 61500*time.Millisecond, CPUs: 8, MemoryGiB: 32, GPUs: 2,
}, cluster.Job{Name: "bare", Command: []string{"gomtl"}, Shares: 1}

func TestSlurmDirectives(t *testing.T) {
	form := regexp.MustCompile(`^#SBATCH --([a-z-]+)(?:=(.*))?$`)
	counts := map[string]int{}
	for _, job := range []cluster.Job{full, bare} {
		script, err := job.Slurm("/home/100% a $b 'c'")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(script), "\n")
		if lines[0] != "#!/bin/bash" {
			t.Errorf("the first line is %q", lines[0])
		}
		commands := false
		for _, line := range lines[1:] {
			commands = commands || !strings.HasPrefix(line, "#")
			if !strings.HasPrefix(line, "#SBATCH") {
				continue
			}
			parts := form.FindStringSubmatch(line)
			if parts == nil || commands { // sbatch stops at the first command
				t.Errorf("%q is no directive, or comes too late", line)
				continue
			}
			value, known := directives[parts[1]]
			if !known || !regexp.MustCompile("^(?:"+value+")$").MatchString(parts[2]) {
				t.Errorf("%q is no option of sbatch, or has a bad value", line)
			}
			counts[parts[1]]++
		}
	}
	for name := range directives {
		if want := map[string]int{"time": 1, "cpus-per-task": 1, "mem": 1, "gres": 1}[name]; counts[name] != max(want, 2-want) {
			t.Errorf("--%s is there %d times", name, counts[name])
		}
	}
	script, err := full.Slurm("/home/100% a")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--array=0-99%7\n", "--time=50:01:02\n", `--output="/home/100%% a/share-%a.log"` + "\n"} {
		if !strings.Contains(string(script), want) {
			t.Errorf("%q is not in\n%s", want, script)
		}
	}
}

// A container gets any arguments as they are, and its index.
func TestKubernetesArguments(t *testing.T) {
	reference := regexp.MustCompile(`\$\$|\$\([^)]*\)`)
	check := func(args []string) bool {
		manifest, err := cluster.Job{Name: "j", Shares: 9, Command: args}.Kubernetes(cluster.Pod{Image: "i", Volume: "claim:c", Mount: "/m"})
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Spec struct {
				Template struct {
					Spec struct{ Containers []struct{ Command []string } }
				}
			}
		}
		if err := yaml.Unmarshal(manifest, &read); err != nil {
			t.Fatal(err)
		}
		command := read.Spec.Template.Spec.Containers[0].Command
		for i, part := range command {
			command[i] = reference.ReplaceAllStringFunc(part, func(found string) string {
				return map[string]string{"$$": "$", "$(JOB_COMPLETION_INDEX)": "4"}[found]
			})
		}
		return slices.Equal(command, append(slices.Clone(args), "-share=4/9"))
	}
	if !check(append([]string{"program"}, oddArguments...)) {
		t.Error("odd arguments arrive as others")
	}
	rapid.Check(t, func(t *rapid.T) {
		args := rapid.SliceOfN(rapid.StringMatching(`[^\x00]*`), 1, 4).Draw(t, "arguments")
		if !check(args) {
			t.Fatalf("%q arrive as others", args)
		}
	})
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"weights": "weights", "My Runs_2": "my-runs-2", "7 tasks": "sweep-7-tasks", "--": "sweep", "": "sweep", "Größe": "gr-e",
		strings.Repeat("ab", 40): strings.Repeat("ab", 26),
	} {
		if got := cluster.NameFor(text); got != want {
			t.Errorf("%q becomes %q; wanted %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		job := bare
		job.Name = cluster.NameFor(rapid.String().Draw(t, "text"))
		if _, err := job.Slurm("/tmp"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestErrors(t *testing.T) {
	pod := cluster.Pod{Image: "i", Volume: "claim:c", Mount: "/m"}
	for want, change := range map[string]func(j *cluster.Job, p *cluster.Pod){
		"0 shares":               func(j *cluster.Job, _ *cluster.Pod) { j.Shares = 0 },
		"nothing below 0":        func(j *cluster.Job, _ *cluster.Pod) { j.GPUs = -1 },
		"no command":             func(j *cluster.Job, _ *cluster.Pod) { j.Command = nil },
		`called "A"`:             func(j *cluster.Job, _ *cluster.Pod) { j.Name = "A" },
		"zero byte":              func(j *cluster.Job, _ *cluster.Pod) { j.Command = []string{"a", "b\x00"} },
		"the program gomtl in":   func(_ *cluster.Job, p *cluster.Pod) { p.Image = "" },
		`mounted at "m"`:         func(_ *cluster.Job, p *cluster.Pod) { p.Mount = "m" },
		"tried again -1":         func(_ *cluster.Job, p *cluster.Pod) { p.Retries = -1 },
		`volume is "c"`:          func(_ *cluster.Job, p *cluster.Pod) { p.Volume = "c" },
		`volume is "claim:"`:     func(_ *cluster.Job, p *cluster.Pod) { p.Volume = "claim:" },
		`volume is "nfs:a"`:      func(_ *cluster.Job, p *cluster.Pod) { p.Volume = "nfs:a" },
		`volume is "host:runs"`:  func(_ *cluster.Job, p *cluster.Pod) { p.Volume = "host:runs" },
		"such as claim:runs":     func(_ *cluster.Job, p *cluster.Pod) { p.Volume = "" },
		"hyphens, a letter firs": func(j *cluster.Job, _ *cluster.Pod) { j.Name = strings.Repeat("a", 60) },
	} {
		j, p := bare, pod
		change(&j, &p)
		if _, err := j.Kubernetes(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v; wanted %q", err, want)
		}
	}
	for _, dir := range []string{"runs", `/a"b`, `/a\b`, "/a\nb"} {
		if _, err := bare.Slurm(dir); err == nil || !strings.Contains(err.Error(), "wanted an absolute path") {
			t.Errorf("%q: the error is %v", dir, err)
		}
	}
}
