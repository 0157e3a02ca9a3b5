package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/urfave/cli/v3"
)

// ended waits for a process and returns its exit status.
func ended(t *testing.T, cmd *exec.Cmd, within time.Duration) int {
	t.Helper()
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its status tells
		close(done)
	}()
	select {
	case <-done:
		return cmd.ProcessState.ExitCode()
	case <-time.After(within):
		_ = cmd.Process.Kill()
		<-done
		t.Fatalf("%q still runs %v after the interrupt", cmd.Args, within)
		return 0
	}
}

// Commands that wait for something end soon after an interrupt, though they do not look for one.
func TestInterruptEndsCommands(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{history.RunFile, "gradients.json"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil { // opened, it waits for ever
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"plot", dir}, {"export", "-to", "csv", "-out", t.TempDir(), dir}, {"weigh", "-in", filepath.Join(dir, "gradients.json")},
	} {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			cmd := child(t, args...)
			var complaint bytes.Buffer
			cmd.Stderr = &complaint
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatalf("%q: %v\n%s", args, err, &complaint)
			}
			status := ended(t, cmd, 5*time.Second)
			if status != 130 || complaint.String() != "gomtl: interrupted\n" {
				t.Errorf("%q ends with %d: %q", args, status, &complaint)
			}
		}
	}
}

// Training that is interrupted saves its state before it ends, and can go on.
func TestInterruptSavesTraining(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	cmd := child(t, "train", "-data", "tiny", "-out", dir, "-steps", "100000000", "-batch", "8")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if info, err := os.Stat(filepath.Join(dir, history.RecordsFile)); err == nil && info.Size() > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if status := ended(t, cmd, 20*time.Second); status == 0 || !strings.Contains(complaint.String(), "run the same call again to go on") {
		t.Errorf("it ends with %d: %s", status, &complaint)
	}
	if saved, err := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*")); err != nil || len(saved) == 0 {
		t.Errorf("no checkpoint: %v\n%s", err, &complaint)
	}
}

// An interrupt waits for a command that is saving, and for no other.
func TestPrompt(t *testing.T) {
	saved := errors.New("saved")
	for _, work := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		action := prompt(func(ctx context.Context, _ *cli.Command) error {
			saves(ctx, work)
			cancel()
			<-release // it does not look at ctx
			return saved
		})
		time.AfterFunc(2*patience+patience/2, func() { close(release) })
		if err := action(ctx, &cli.Command{}); errors.Is(err, saved) != work || errors.Is(err, errInterrupted) == work {
			t.Errorf("saving %v: the action ends with %v", work, err)
		}
	}
}

// What is asked for and not understood is an error that says so, before anything is done.
func TestArgumentsThatAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for line, want := range map[string]string{
		"nope":                                        `there is no command "nope". Did you mean`,
		"trian -data tiny":                            `Did you mean "train"?`,
		"train -data tiny -out x extra words":         `gomtl train takes flags only, got ["extra" "words"]`,
		"cost -data tiny more":                        "takes flags only",
		"weigh -in x.json y.json":                     "takes flags only",
		"setup all":                                   "takes flags only",
		"doctor who":                                  "takes flags only",
		"lab one two":                                 "want one folder at most",
		"lab -port 0":                                 "a port from 1 to 65535",
		"train -data tiny -out ":                      "-out is empty",
		"run -out  notebook.ipynb":                    "-out is empty",
		"plot -out  x":                                "-out is empty",
		"train -data tiny -out x -tasks ":             "-tasks is empty",
		"train -data tiny -out x -rate 0":             "-rate 0: want a number above 0",
		"train -data tiny -out x -rate NaN":           "-rate NaN: want",
		"train -data tiny -out x -rate Inf":           "-rate +Inf: want",
		"train -data tiny -out x -batch 0":            "-batch 0: want 1 or more",
		"train -data tiny -out x -steps -1":           "-steps -1: want 1 or more",
		"train -data tiny -out x -seed 0":             "-seed 0: want another",
		"weigh -in x.json -seed 0":                    "-seed 0: want another",
		"cost -data tiny -batch 0":                    "-batch 0: want 1 or more",
		"cost -data tiny -accumulate 0":               "-accumulate 0: want 1 or more",
		"train -data tiny -out x -rate 0 -batch 0":    "-batch 0",
		"sweep -data tiny -out x -weights sum=1 more": "takes flags only",
	} {
		err := application(os.Stdout).Run(t.Context(), append([]string{"gomtl"}, strings.Split(line, " ")...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("gomtl %s: the error is %v; wanted %q", line, err, want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("something was done")
	}
	var printed bytes.Buffer
	if err := application(&printed).Run(t.Context(), []string{"gomtl"}); err != nil || !strings.Contains(printed.String(), "COMMANDS") {
		t.Errorf("without a command: %v\n%s", err, &printed)
	}
	cmd := child(t, "nope")
	if _, err := cmd.CombinedOutput(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("gomtl nope ends with %v", err)
	}
}

// No control character of a name reaches the terminal, on either stream.
func TestNamesDoNotReachTheTerminal(t *testing.T) {
	dir, name := t.TempDir(), "a\x1b]0;pwned\a\r\u202eb"
	w, err := history.Create(dir, history.Run{Name: name, Steps: 2, Tasks: []history.Task{{Name: name}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(history.Record{Step: 1, Split: history.Train, Loss: map[string]float64{name: 0.5}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"plot", dir}, {"plot", "no\x1bsuch"}, {"no\x1bsuch"}, {"train", "-data", "no\x1bsuch", "-out", "x"}, {"export", "-to", "csv", "-out", "o\x1bt", dir},
	} {
		cmd := child(t, args...)
		cmd.Dir = t.TempDir()
		out, _ := cmd.CombinedOutput() // most are errors
		if bytes.ContainsAny(out, "\x1b\a\r") || bytes.Contains(out, []byte("\u202e")) || len(out) == 0 {
			t.Errorf("%q prints %q", args, out)
		}
	}
}
