//go:build !cgo

package backend

import (
	"errors"

	"github.com/gomlx/compute"
)

// SupportsXLA tells whether this program was built with cgo, through which it talks to a PJRT plugin.
const SupportsXLA = false

// Go switches cgo off by itself where it finds no C compiler; what does not need XLA works all the same.
var errNoCgo = errors.New("this program was built without cgo, which XLA needs: install a C compiler (gcc or clang) and build it again")

func startXLA(string) (compute.Backend, error) { return nil, errNoCgo }

func foreignPlugins() (cuda, cpu []Plugin) { return nil, nil }

func inspectXLA(compute.Backend) (path, version string) { return "", "" }
