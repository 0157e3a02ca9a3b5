package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/wheel"
)

// pluginWheel is a Python wheel that carries a PJRT plugin.
type pluginWheel struct {
	wheel.Wheel
	Plugin       string // name of the plugin inside
	PluginSHA256 string
}

// release is the version of go-xla's own CPU plugin that go-xla v0.4.5 is tested with.
const release = "v0.114.0"

// wheels holds the pinned CPU plugin of each platform ("linux_amd64"); other platforms take go-xla's own release.
var wheels = map[string]pluginWheel{
	"linux_amd64": {
		Wheel: wheel.Wheel{
			Package: "lammps-jax-pjrt-cpu",
			Version: "0.11.2",
			File:    "lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl",
			SHA256:  "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
		},
		Plugin:       "pjrt_c_api_cpu_plugin.so",
		PluginSHA256: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2",
	},
}

var platform = runtime.GOOS + "_" + runtime.GOARCH

// pluginDir is where gomtl keeps its plugins, one folder each.
func pluginDir() (string, error) {
	dir, err := cache.Dir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "pjrt"), nil
}

// owned tells whether gomtl installed the plugin at path.
func owned(path string) bool {
	dir, err := pluginDir()
	return err == nil && filepath.Dir(filepath.Dir(path)) == dir
}

// ownPlugins returns the paths at which Install puts a plugin, the first choice first.
func ownPlugins() ([]string, error) {
	dir, err := pluginDir()
	if err != nil {
		return nil, err
	}
	upstream := filepath.Join(dir, "go-xla-"+release, "pjrt_c_api_cpu_"+release+"_plugin.so")
	if w, ok := wheels[platform]; ok {
		return []string{filepath.Join(dir, w.Package+"-"+w.Version, w.Plugin), upstream}, nil
	}
	return []string{upstream}, nil
}

// Install makes sure that gomtl's own CPU plugin is installed and whole, and returns its path. It downloads it from the pinned
// Python wheel, else from go-xla's own releases, and replaces a damaged one. Two calls at once, in any processes, do the work once.
func Install(ctx context.Context) (string, error) {
	dir, err := pluginDir()
	if err != nil {
		return "", err
	}
	unlock, err := cache.Lock(ctx, dir)
	if err != nil {
		return "", err
	}
	defer unlock()
	paths, err := ownPlugins()
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		err := Verify(path)
		if err == nil {
			return path, nil
		}
		cache.Say("%s; installing it again", oneLine(err))
	}
	var failures []error
	for _, path := range paths {
		err := installAt(ctx, path)
		if err == nil {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		failures = append(failures, err)
	}
	return "", fmt.Errorf("backend: no PJRT plugin could be installed: %w", errors.Join(failures...))
}

// installAt installs the plugin that belongs at path.
func installAt(ctx context.Context, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(filepath.Dir(path)), cache.TempPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if w, ok := wheels[platform]; ok && filepath.Base(path) == w.Plugin {
		return w.install(ctx, work, path)
	}
	return installRelease(ctx, work, path)
}

// install downloads the wheel into the folder work and puts its plugin at path, with the licences that came with it.
func (w pluginWheel) install(ctx context.Context, work, path string) error {
	archive := filepath.Join(work, w.File)
	if err := w.Fetch(ctx, archive); err != nil {
		return err
	}
	temp := filepath.Join(work, w.Plugin)
	if err := w.Extract(archive, w.Plugin, temp); err != nil {
		return err
	}
	if sum, err := sha256File(temp); err != nil {
		return err
	} else if sum != w.PluginSHA256 {
		return fmt.Errorf("backend: %s in %s: want SHA-256 %s, got %s", w.Plugin, w.File, w.PluginSHA256, sum)
	}
	for _, licence := range []string{"LICENSE", "THIRD_PARTY_NOTICES"} {
		if err := w.Extract(archive, licence, filepath.Join(filepath.Dir(path), licence)); err != nil {
			return err
		}
	}
	return publish(temp, path, w.File)
}

// installRelease puts the CPU plugin of go-xla's own releases at path. Upstream publishes no checksum: it is recorded as it came.
func installRelease(ctx context.Context, work, path string) error {
	cache.Say("downloading the PJRT CPU plugin %s of go-xla's releases", release)
	done := make(chan error, 1)
	go func() { // the installer takes no context; its folder is ours, so that what it leaves behind hurts nobody
		done <- installer.CPUInstall(platform, release, work, false, installer.Quiet)
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-done:
		if err != nil {
			return fmt.Errorf("backend: go-xla's release %s: %w", release, err)
		}
	}
	return publish(filepath.Join(work, filepath.Base(path)), path, "go-xla release "+release)
}

// publish checks the finished file temp and makes it the plugin at path, its record first.
func publish(temp, path, source string) error {
	if err := checkELF(temp); err != nil {
		return err
	}
	if err := writeStamp(temp, path, source); err != nil {
		return err
	}
	return cache.Publish(temp, path)
}
