// Package backendtest runs the tests of this repository on the backends that gomtl supports.
package backendtest

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/backend"
)

// Starting a backend is slow: the tests of a process share one of each kind.
var (
	goBackend  = sync.OnceValues(backend.Go)
	xlaBackend = sync.OnceValues(startXLA)
)

// Each runs test on the pure-Go backend and on XLA, as the subtests "go" and "xla". See XLA for when that one is skipped.
func Each(t *testing.T, test func(t *testing.T, b compute.Backend)) {
	t.Helper()
	t.Run("go", func(t *testing.T) { test(t, Go(t)) })
	t.Run("xla", func(t *testing.T) { test(t, XLA(t)) })
}

// Go returns the process's shared pure-Go backend.
func Go(t testing.TB) compute.Backend {
	t.Helper()
	b, err := goBackend()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// XLA returns the process's shared XLA backend, on the plugin of GOMLX_BACKEND="xla:..." or an installed one. Without a plugin the test
// is skipped, and with GOMTL_REQUIRE_XLA=1 it fails.
func XLA(t testing.TB) compute.Backend {
	t.Helper()
	b, err := xlaBackend()
	if errors.Is(err, backend.ErrNoPlugin) && !backend.RequireXLA() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if b.Name() != "xla" {
		t.Fatalf("want the xla backend, got %s", backend.Describe(b))
	}
	return b
}

func startXLA() (compute.Backend, error) {
	if strings.HasPrefix(os.Getenv(compute.ConfigEnvVar), "xla:") {
		return backend.New(context.Background())
	}
	return backend.Installed(context.Background())
}
