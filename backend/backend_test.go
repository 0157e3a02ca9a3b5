package backend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/internal/programs"
)

func TestNewFallsBackAloud(t *testing.T) {
	newIndex(t, library(t, "Other")).Close()
	b, err := New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info := Inspect(b); info.Backend == "xla" || info.Plugin != "" {
		t.Errorf("want the pure-Go backend, got %v", info)
	}
	t.Setenv(RequireXLAEnv, "1")
	if _, err := New(t.Context()); err == nil || !strings.Contains(err.Error(), RequireXLAEnv) {
		t.Errorf("want an error that names %s, got %v", RequireXLAEnv, err)
	}
}

func TestNewFollowsTheEnvironment(t *testing.T) {
	newIndex(t, library(t, "GetPjrtApi")).Close()
	notPlugin := filepath.Join(t.TempDir(), "cpu.so")
	if err := os.WriteFile(notPlugin, library(t, "Other"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ config, require, want string }{
		{"go", "", ""},
		{"go", "1", "asks for another backend"},
		{"tpu", "", "unknown backend"},
		{"xla:" + notPlugin, "", "does not export GetPjrtApi"},
		{"xla:" + notPlugin + ".absent", "", "no such file"},
		{"xla:abacus", "", `no plugin "abacus" is installed`},
		{"xla", "", "no PJRT plugin could be installed"}, // asked for by name: no silent fallback
	} {
		t.Setenv("GOMLX_BACKEND", test.config)
		t.Setenv(RequireXLAEnv, test.require)
		_, err := New(t.Context())
		if test.want == "" && err != nil {
			t.Errorf("%s: %v", test.config, err)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: want an error with %q, got %v", test.config, test.want, err)
		}
	}
}

// A misspelt setting of the compile cache is an error, not another backend.
func TestNewRefusesABadCompileCache(t *testing.T) {
	for name, value := range map[string]string{programs.Env: "relative", programs.LimitEnv: "many"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if b, err := New(t.Context()); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), value) {
				t.Errorf("backend %v, error %v; wanted an error that names %s", b, err, name)
			}
		})
	}
}
