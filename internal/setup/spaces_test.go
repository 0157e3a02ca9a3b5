package setup

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The commands with which each notebook finds the module work in a folder whose path has spaces
// and letters beyond ASCII.
func TestNotebooksInFoldersWithSpaces(t *testing.T) {
	notebooks, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(notebooks) < 6 {
		t.Fatalf("%d notebooks, %v", len(notebooks), err)
	}
	for _, path := range append(notebooks, "testdata/smoke.ipynb") {
		var commands []string
		for _, line := range sourceLines(t, path) {
			if command, ok := strings.CutPrefix(line, "!*"); ok && strings.Contains(command, "GONB_DIR") {
				commands = append(commands, command)
			}
		}
		if len(commands) == 0 {
			t.Errorf("%s has no command that names $GONB_DIR", path)
		}
		module := filepath.Join(t.TempDir(), "my proj ü", "a  b")
		folder, work, bin := filepath.Join(module, "notebooks"), t.TempDir(), t.TempDir()
		if strings.HasPrefix(path, "testdata") {
			folder = filepath.Join(module, "internal", "setup", "testdata")
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(module, "go.sum"), "sums\n")
		write(t, filepath.Join(bin, "go"), "#!/bin/sh\nprintf '%s\\n' \"$@\" >> asked\n")
		for _, command := range commands {
			cmd := exec.Command("bash", "-c", command)
			cmd.Dir = work
			cmd.Env = append(os.Environ(), "GONB_DIR="+folder, "PATH="+bin+":"+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", path, command, err, out)
			}
		}
		sums, _ := os.ReadFile(filepath.Join(work, "go.sum"))
		asked, _ := os.ReadFile(filepath.Join(work, "asked"))
		if want := "-replace=github.com/gomtl/gomtl=" + module + "\n"; string(sums) != "sums\n" || !strings.Contains(string(asked), want) {
			t.Errorf("%s: go.sum is %q, and go was asked %q; wanted %q", path, sums, asked, want)
		}
	}
}

// sourceLines are those of the code cells of a notebook.
func sourceLines(t *testing.T, path string) (lines []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var notebook struct {
		Cells []struct{ Source []string }
	}
	if err := json.Unmarshal(data, &notebook); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, cell := range notebook.Cells {
		lines = append(lines, strings.Split(strings.Join(cell.Source, ""), "\n")...)
	}
	return lines
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}
