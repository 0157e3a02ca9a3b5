// Package backend chooses the machine room of a run: XLA through a PJRT plugin, which it installs where none is found, or,
// said plainly, GoMLX's pure-Go backend. It is the only package of gomtl that imports a backend.
package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/programs"
)

// RequireXLAEnv names the environment variable that, set to 1, turns the fallback to the pure-Go backend into an error.
const RequireXLAEnv = "GOMTL_REQUIRE_XLA"

// RequireXLA tells whether the environment forbids the fallback to the pure-Go backend.
func RequireXLA() bool { return os.Getenv(RequireXLAEnv) == "1" }

// ErrNoPlugin says that no usable PJRT plugin is installed.
var ErrNoPlugin = errors.New("backend: no PJRT plugin is installed (`gomtl setup` installs one)")

// New returns the backend that the environment variable GOMLX_BACKEND names; without it XLA on an installed plugin (CUDA where an
// NVIDIA driver answers, then CPU); without a plugin XLA on the pinned CPU plugin, which it downloads; and where
// that fails too the pure-Go backend, after one line on standard error that says so, or an error when GOMTL_REQUIRE_XLA=1.
func New(ctx context.Context) (compute.Backend, error) {
	if _, err := programs.FromEnvironment(); err != nil {
		return nil, fmt.Errorf("backend: %w", err) // a misspelt setting is no reason to run on another backend
	}
	if config := os.Getenv(compute.ConfigEnvVar); config != "" {
		return fromConfig(ctx, config)
	}
	b, err := Installed(ctx)
	if err != nil && SupportsXLA {
		var path string
		if path, err = Install(ctx); err == nil {
			b, err = load(ctx, path)
		}
	}
	if err == nil {
		return b, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if RequireXLA() {
		return nil, fmt.Errorf("backend: %s=1 but XLA is not usable: %w", RequireXLAEnv, err)
	}
	fmt.Fprintf(os.Stderr, "gomtl: running on the slow pure-Go backend, because XLA is not usable: %s; `gomtl doctor` says what to do\n", oneLine(err))
	return Go()
}

// Go returns GoMLX's pure-Go backend: slower, on one core's device, but with nothing to install.
//
// It runs the operations of a graph one after the other, each on as many cores as it can use: two While loops at once take all its workers and wait for ever.
func Go() (compute.Backend, error) { return gobackend.New("ops_sequential") }

// Installed returns an XLA backend on an installed plugin, ErrNoPlugin when there is none. It never uses the network.
func Installed(ctx context.Context) (compute.Backend, error) {
	plugins, err := Plugins()
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, p := range plugins {
		b, err := load(ctx, p.Path)
		if err == nil {
			return b, nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil, ErrNoPlugin
	}
	return nil, errors.Join(failures...)
}

// xlaName is the name under which GOMLX_BACKEND asks for XLA.
const xlaName = "xla"

// fromConfig follows a user's GOMLX_BACKEND, such as "go", "xla", "xla:cuda" or "xla:/path/to/plugin.so,tf32=false".
func fromConfig(ctx context.Context, config string) (compute.Backend, error) {
	name, rest, _ := strings.Cut(config, ":")
	if known := append(compute.List(), xlaName); !slices.Contains(known, name) {
		slices.Sort(known)
		return nil, fmt.Errorf("backend: %s=%q names an unknown backend, want one of %v or none",
			compute.ConfigEnvVar, config, slices.Compact(known))
	}
	if name != xlaName {
		if RequireXLA() {
			return nil, fmt.Errorf("backend: %s=1 but %s=%q asks for another backend", RequireXLAEnv, compute.ConfigEnvVar, config)
		}
		return compute.NewWithConfig(config)
	}
	plugin, options, _ := strings.Cut(rest, ",")
	path, err := resolve(ctx, plugin)
	if err != nil {
		return nil, fmt.Errorf("backend: %s=%q: %w", compute.ConfigEnvVar, config, err)
	}
	if options != "" {
		path += "," + options
	}
	return load(ctx, path)
}

// load checks the plugin file of config ("path" or "path,options") and starts XLA on it.
func load(ctx context.Context, config string) (compute.Backend, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	path, _, _ := strings.Cut(config, ",")
	if state := cache.State(path); !remembered(path) {
		if err := Verify(path); err != nil {
			return nil, err
		}
		remember(path, state)
	}
	b, err := startXLA(config)
	if err != nil {
		return nil, fmt.Errorf("backend: plugin %s does not start: %w", path, err)
	}
	return b, nil
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
