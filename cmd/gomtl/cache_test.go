package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomtl/gomtl/internal/programs"
	"github.com/urfave/cli/v3"
)

// runCache runs "gomtl cache ARGS" and returns what it printed.
func runCache(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	app := &cli.Command{Name: "gomtl", Writer: &out, ErrWriter: &out, Commands: []*cli.Command{cacheCommand()}}
	err := app.Run(t.Context(), append([]string{"gomtl", "cache"}, args...))
	return out.String(), err
}

func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "programs")
	t.Setenv(programs.Env, dir)
	if out, err := runCache(t); err != nil || !strings.Contains(out, "0 program(s), 0.0 MB of 2048.0 MB") {
		t.Errorf("an absent folder is listed as %q, error %v", out, err)
	}
	store, err := programs.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	program := programs.Program{
		Name:    "training_steps",
		Load:    func([]byte) bool { return true },
		Compile: func() ([]byte, bool) { time.Sleep(60 * time.Millisecond); return make([]byte, 1<<20), true },
	}
	key := programs.NewKey([]byte("a"))
	store.Run(key, program)
	store.Run(key, program)
	store.Run(key, program)
	out, err := runCache(t)
	for _, want := range []string{"training_steps", "0.1 s", "1.0 MB", key.String()[:12], dir + ": 1 program(s)", "loaded 2 times, compiled and kept 1"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%q is not in the list, error %v:\n%s", want, err, out)
		}
	}
	out, err = runCache(t, "-json")
	var got listing
	if err == nil {
		err = json.Unmarshal([]byte(out), &got)
	}
	if err != nil || got.Folder != dir || got.Loaded != 2 || got.Kept != 1 || len(got.Programs) != 1 || got.Programs[0].Key != key.String() {
		t.Errorf("%+v, error %v", got, err)
	}
	foreign := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := runCache(t, "-clear"); err != nil || !strings.Contains(out, "removed 1 program(s) of 1.0 MB") {
		t.Errorf("%q, error %v", out, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left are %v, error %v; wanted the foreign file", files, err)
	}
}

func TestCacheRefuses(t *testing.T) {
	for _, c := range []struct {
		setting, want string
		args          []string
	}{
		{"here", "absolute", nil},
		{"/tmp", "no arguments", []string{"programs"}},
		{"/tmp", "do not go together", []string{"-clear", "-json"}},
	} {
		t.Setenv(programs.Env, c.setting)
		if out, err := runCache(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %q, error %v; wanted one with %q", c, out, err, c.want)
		}
	}
	t.Setenv(programs.Env, "off")
	if out, err := runCache(t); err != nil || !strings.Contains(out, "no programs are kept") {
		t.Errorf("%q, error %v", out, err)
	}
}
