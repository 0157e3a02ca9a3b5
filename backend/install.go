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

// wheels holds the pinned CPU plugin of each platform ("linux_amd64"). Its digests decide what is loaded: no file on the disk does.
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

// path is where the wheel's plugin goes in gomtl's folder dir.
func (w pluginWheel) path(dir string) string {
	return filepath.Join(dir, w.Package+"-"+w.Version, w.Plugin)
}

// releasePath is where the plugin of go-xla's release goes in gomtl's folder dir.
func releasePath(dir string) string {
	return filepath.Join(dir, "go-xla-"+release, "pjrt_c_api_cpu_"+release+"_plugin.so")
}

// UnpinnedEnv names the environment variable that, set to 1, lets Install take the plugin of go-xla's own
// release, for which no checksum is published, where the pinned one cannot be had.
const UnpinnedEnv = "GOMTL_UNPINNED_PLUGIN"

func allowUnpinned() bool { return os.Getenv(UnpinnedEnv) == "1" }

const askUnpinned = UnpinnedEnv + "=1 takes the plugin of go-xla's release " + release + ", for which no checksum is published"

// ownPlugins returns the paths at which Install puts a plugin, the first choice first.
func ownPlugins() (paths []string, err error) {
	dir, err := pluginDir()
	if err != nil {
		return nil, err
	}
	if w, ok := wheels[platform]; ok {
		paths = append(paths, w.path(dir))
	}
	if allowUnpinned() {
		paths = append(paths, releasePath(dir))
	}
	return paths, nil
}

// Install makes sure that gomtl's own CPU plugin is installed and whole, and returns its path. It downloads it from the pinned
// Python wheel and replaces a damaged one; where that cannot be had it takes go-xla's own release, if UnpinnedEnv asks for it. Two calls at once, in any processes, do the work once.
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
	if _, pinned := wheels[platform]; !pinned {
		failures = append(failures, fmt.Errorf("no plugin is pinned for %s", platform))
	}
	err = errors.Join(failures...)
	if !allowUnpinned() {
		err = fmt.Errorf("%w; %s", err, askUnpinned)
	}
	return "", fmt.Errorf("backend: no PJRT plugin could be installed: %w", err)
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

// installRelease puts the CPU plugin of go-xla's own releases at path. Upstream publishes no checksum: its digest is noted as it came.
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

// publish checks the finished file temp and makes it the plugin at path, its note first.
func publish(temp, path, source string) error {
	if err := checkELF(temp); err != nil {
		return err
	}
	sum, err := sha256File(temp)
	if err != nil {
		return err
	}
	if err := (stamp{Source: source, SHA256: sum}).write(path); err != nil {
		return err
	}
	if err := cache.Publish(temp, path); err != nil {
		return err
	}
	remember(path, cache.State(path)) // a rename changes the state
	return nil
}
