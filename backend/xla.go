//go:build cgo

package backend

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

// SupportsXLA tells whether this program was built with cgo, through which it talks to a PJRT plugin.
const SupportsXLA = true

// startXLA loads the plugin that config ("path" or "path,options") names and starts XLA on it.
func startXLA(config string) (compute.Backend, error) {
	xla.EnableAutoInstall(false) // what is downloaded, and with which checksum, is decided here
	path, _, _ := strings.Cut(config, ",")
	if err := keepPrograms(path); err != nil {
		return nil, err
	}
	if strings.Contains(filepath.Base(path), "cpu") {
		// One device in place of four virtual ones, which nothing here uses: a sixth less memory with convolutions, and fewer threads.
		if b, err := xla.NewWithOptions(config, pjrt.NamedValuesMap{"cpu_device_count": int64(1)}); err == nil {
			return b, nil
		}
	}
	return xla.New(config) // also for a plugin that does not know the option
}

// foreignPlugins lists what lies in go-xla's library folders or those of PJRT_PLUGIN_LIBRARY_PATH.
func foreignPlugins() (cuda, cpu []Plugin) {
	available := pjrt.AvailablePlugins()
	for _, name := range slices.Sorted(maps.Keys(available)) {
		switch path := available[name]; {
		case filepath.IsAbs(name): // loaded before, by its path
		case pjrt.IsCUDAName(name):
			if installer.HasNvidiaGPU() {
				cuda = append(cuda, Plugin{"cuda", path})
			}
		case name == "cpu" || strings.HasPrefix(name, "cpu_v"):
			cpu = append(cpu, Plugin{"cpu", path})
		}
	}
	return cuda, cpu
}

// inspectXLA returns the plugin file and PJRT API version of an XLA backend, and nothing of another one.
func inspectXLA(b compute.Backend) (path, version string) {
	x, ok := b.(*xla.Backend)
	if !ok {
		return "", ""
	}
	plugin, err := pjrt.GetPlugin(x.PluginName()) // loaded already: this only looks it up
	if err != nil {
		return x.PluginName(), ""
	}
	major, minor := plugin.Version()
	return plugin.Path(), fmt.Sprintf("%d.%d", major, minor)
}
