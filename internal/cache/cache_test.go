package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestDirFollowsTheXDGRules(t *testing.T) {
	for _, test := range []struct{ home, xdg, want string }{
		{"/h", "/x", "/h"},
		{"", "/x", "/x/gomtl"},
		{"", "relative", "/user/.cache/gomtl"},
		{"", "", "/user/.cache/gomtl"},
	} {
		t.Setenv("HOME", "/user")
		t.Setenv(HomeEnv, test.home)
		t.Setenv("XDG_CACHE_HOME", test.xdg)
		if got, err := Dir(); err != nil || got != test.want {
			t.Errorf("%+v: got %s, %v", test, got, err)
		}
	}
	t.Setenv("HOME", "")
	if _, err := Dir(); err == nil {
		t.Error("want an error without a home folder")
	}
}

func TestLockWaitsAndClearsUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	unlock, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, TempPrefix+"1")
	if err := os.MkdirAll(filepath.Join(left, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	unlock, err = Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed set-up left is still there")
	}
}

func TestWriteFileReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, want := range []string{"old", "new"} {
		if err := WriteFile(path, []byte(want), 0o640); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("want %q, got %q, %v", want, got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	if err := WriteFile(filepath.Join(path, "below"), nil, 0o600); err == nil {
		t.Error("want an error below a file")
	}
}
