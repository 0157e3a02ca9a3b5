package backend

import (
	"fmt"

	"github.com/gomlx/compute"
)

// Info says what a backend runs on.
type Info struct {
	Backend string `json:"backend"`          // "xla" or "go"
	Plugin  string `json:"plugin,omitempty"` // plugin file
	PJRT    string `json:"pjrt,omitempty"`   // PJRT API version of the plugin, such as "0.115"
	Device  string `json:"device"`           // first device
	Devices int    `json:"devices"`          // number of devices
}

// Inspect reads the Info of a backend.
func Inspect(b compute.Backend) Info {
	info := Info{Backend: b.Name(), Device: b.DeviceDescription(0), Devices: b.NumDevices()}
	info.Plugin, info.PJRT = inspectXLA(b)
	return info
}

// String returns the Info on one line.
func (i Info) String() string {
	s := i.Backend
	if i.Plugin != "" {
		s += fmt.Sprintf(" (PJRT API %s, plugin %s)", i.PJRT, i.Plugin)
	}
	return fmt.Sprintf("%s on %s [%d device(s)]", s, i.Device, i.Devices)
}

// Describe says in one line what b is: backend, plugin file, PJRT API version and device.
func Describe(b compute.Backend) string { return Inspect(b).String() }
