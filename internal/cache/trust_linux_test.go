package cache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every change of a file changes its state, also one with its size and time put back.
func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	before := State(path)
	if before == "" || before != State(path) {
		t.Fatalf("%q and then %q", before, State(path))
	}
	for name, change := range map[string]func() error{
		"content": func() error { return os.WriteFile(path, []byte("abd"), 0o600) },
		"mode":    func() error { return os.Chmod(path, 0o640) },
		"put in place": func() error {
			return errors.Join(os.WriteFile(path+"2", []byte("abc"), 0o600), os.Rename(path+"2", path))
		},
		"put away once": func() error { return errors.Join(os.Rename(path, path+"3"), os.Rename(path+"3", path)) },
	} {
		time.Sleep(20 * time.Millisecond) // the clock of file systems ticks slowly
		if err := errors.Join(change(), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		if after := State(path); after == before {
			t.Errorf("%s: the state is still %q", name, after)
		}
		before = State(path)
	}
	if err := os.Symlink(path, path+"-link"); err != nil {
		t.Fatal(err)
	}
	if State(path+"-link") != "" || State(path+"-none") != "" {
		t.Error("a link or nothing has a state")
	}
}

func TestExposed(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, "a", "b")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if why := Exposed(path); why != "" {
		t.Fatalf("%s is said to be exposed: %s", path, why)
	}
	for mode, want := range map[os.FileMode]string{0o777: "drwxrwxrwx", 0o775: "drwxrwxr-x", 0o777 | os.ModeSticky: "", 0o700: ""} {
		middle := filepath.Dir(path)
		if err := os.Chmod(middle, mode); err != nil {
			t.Fatal(err)
		}
		why := Exposed(path)
		if (want == "") != (why == "") || !strings.Contains(why, want) {
			t.Errorf("mode %v: %q; wanted %q", mode, why, want)
		}
		if open := OpenToAll(path); (open != "") != (mode == 0o777) {
			t.Errorf("mode %v: open to all %q", mode, open)
		}
		link := filepath.Join(home, "link")
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		if through := Exposed(link); (through == "") != (want == "") {
			t.Errorf("mode %v, through a link: %q", mode, through)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	if Exposed(filepath.Join(home, "none")) == "" {
		t.Error("nothing is said of a file that is not there")
	}
}
