package backend

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/internal/cache"
)

// forge puts another plugin at path, with a note that says that it is the right one.
func forge(t *testing.T, path string) {
	t.Helper()
	other := append(read(t, path), 0)
	note := stamp{Source: "p-1-py3-none-any.whl", SHA256: sum(other)}
	if err := errors.Join(os.WriteFile(path, other, 0o600), note.write(path)); err != nil {
		t.Fatal(err)
	}
	note.State = cache.State(path)
	if err := note.write(path); err != nil {
		t.Fatal(err)
	}
}

// A plugin and its note that were changed together are refused: the digest is compiled in.
func TestPluginAndNoteChangedTogether(t *testing.T) {
	x := newIndex(t, library(t, "GetPjrtApi"))
	path := install(t)
	forge(t, path)
	for name, err := range map[string]error{"Check": Check(path), "Verify": Verify(path)} {
		if err == nil || !strings.Contains(err.Error(), "another file than the pinned one: want SHA-256 "+wheels[platform].PluginSHA256) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	t.Setenv("GOMLX_BACKEND", "xla:"+path)
	if _, err := New(t.Context()); err == nil || !strings.Contains(err.Error(), "another file than the pinned one") {
		t.Errorf("New: error %v", err)
	}
	t.Setenv("GOMLX_BACKEND", "xla:"+filepath.Dir(path)+"/../p-1//"+filepath.Base(path))
	if _, err := New(t.Context()); err == nil || !strings.Contains(err.Error(), "another file than the pinned one") {
		t.Errorf("New by another way to write the path: error %v", err)
	}
	install(t)
	if n := x.downloads.Load(); n != 2 {
		t.Errorf("want 2 downloads, got %d", n)
	}
}

// A file is not read again while nothing touched it, and is whatever was done to its times or its note.
func TestPluginIsReadAgain(t *testing.T) {
	plugin := library(t, "GetPjrtApi")
	newIndex(t, plugin)
	path := install(t)
	if !remembered(path) {
		t.Fatal("an installed plugin is read again at each start")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(plugin)
	changed[len(changed)-1]++
	if err := errors.Join(os.WriteFile(path, changed, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err == nil {
		t.Error("a change with the old size and time was not seen")
	}
	if err := os.WriteFile(path, plugin, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"lost": "", "broken": "{", "of an older version": `{"source": "x", "sha256": "` + sum(plugin) + `", "size": 1}`} {
		if err := os.WriteFile(stampPath(path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			if err := os.Remove(stampPath(path)); err != nil {
				t.Fatal(err)
			}
		}
		if err := Check(path); err != nil || remembered(path) {
			t.Errorf("note %s: error %v, believed %v; wanted the file read and found good", name, err, remembered(path))
		}
		remember(path, cache.State(path))
		if !remembered(path) {
			t.Errorf("note %s is not written again", name)
		}
	}
}

// Where others can write, a note is worth nothing.
func TestNotesOfOthersAreNotBelieved(t *testing.T) {
	newIndex(t, library(t, "GetPjrtApi"))
	path := install(t)
	home, err := cache.Dir()
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []string{home, filepath.Dir(path), path, stampPath(path)} {
		info, err := os.Stat(open)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
		remember(path, cache.State(path))
		if err := os.Chmod(stampPath(path), map[bool]os.FileMode{true: 0o666, false: 0o644}[open == stampPath(path)]); err != nil {
			t.Fatal(err)
		}
		if remembered(path) {
			t.Errorf("%s has mode 777 and the note is believed", open)
		}
		if err := Check(path); err != nil {
			t.Errorf("%s has mode 777: %v", open, err)
		}
		if err := os.Chmod(open, info.Mode()); err != nil {
			t.Fatal(err)
		}
		remember(path, cache.State(path))
		if !remembered(path) {
			t.Errorf("%s has its old mode and the note is not believed", open)
		}
	}
}

// A plugin without a pinned digest is neither looked for nor loaded unless it is asked for by name.
func TestUnpinnedOnlyByName(t *testing.T) {
	plugin := library(t, "GetPjrtApi")
	newIndex(t, plugin).Close()
	dir, err := pluginDir()
	if err != nil {
		t.Fatal(err)
	}
	path := releasePath(dir)
	temp := filepath.Join(dir, "temp")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(temp, plugin, 0o600), publish(temp, path, "release")); err != nil {
		t.Fatal(err)
	}
	listed := func() bool {
		plugins, err := Plugins()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(plugins, func(p Plugin) bool { return p.Path == path })
	}
	if err := Check(path); err == nil || !strings.Contains(err.Error(), UnpinnedEnv+"=1 takes") || listed() {
		t.Errorf("not asked for: error %v, listed %v", err, listed())
	}
	t.Setenv(UnpinnedEnv, "1")
	if err := Check(path); err != nil || !listed() {
		t.Errorf("asked for: error %v, listed %v", err, listed())
	}
	if got, err := Install(t.Context()); err != nil || got != path {
		t.Errorf("Install gave %s, %v", got, err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte{1}, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err == nil || !strings.Contains(err.Error(), "want SHA-256 "+sum(plugin)) {
		t.Errorf("changed: error %v", err)
	}
	if err := os.Remove(stampPath(path)); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err == nil || !strings.Contains(err.Error(), "was not noted") {
		t.Errorf("without its note: error %v", err)
	}

	stranger := filepath.Join(dir, "older", "plugin.so")
	if err := errors.Join(os.MkdirAll(filepath.Dir(stranger), 0o755), os.WriteFile(stranger, plugin, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Check(stranger); err == nil || !strings.Contains(err.Error(), "no SHA-256 is known") {
		t.Errorf("of another version: error %v", err)
	}
	delete(wheels, platform)
	t.Setenv(UnpinnedEnv, "")
	if _, err := Install(t.Context()); err == nil || !strings.Contains(err.Error(), "no plugin is pinned for "+platform) || !strings.Contains(err.Error(), UnpinnedEnv) {
		t.Errorf("without a pinned plugin: error %v", err)
	}
}

// Whatever a file holds, it is a plugin or refused.
func FuzzCheck(f *testing.F) {
	f.Setenv(cache.HomeEnv, f.TempDir())
	plugin := library(f, "GetPjrtApi")
	f.Add(plugin[:0x400], []byte("{}"))
	f.Add(plugin, []byte(`{"sha256": 3}`))
	dir, err := pluginDir()
	if err != nil {
		f.Fatal(err)
	}
	f.Setenv(UnpinnedEnv, "1")
	own, foreign := releasePath(dir), filepath.Join(f.TempDir(), "plugin.so")
	if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, plugin, note []byte) {
		err := errors.Join(os.WriteFile(own, plugin, 0o600), os.WriteFile(stampPath(own), note, 0o600), os.WriteFile(foreign, plugin, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = Check(own), Check(foreign)
	})
}
