//go:build cgo && (linux || darwin)

package backend

import (
	"fmt"
	"os"

	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomtl/gomtl/internal/interpose"
	"github.com/gomtl/gomtl/internal/programs"
)

// keepPrograms loads the plugin at path and makes it keep the programs that it compiles. A plugin that
// cannot be made to is left as it is.
func keepPrograms(path string) error {
	if _, err := programs.FromEnvironment(); err != nil {
		return err
	}
	identity, err := identify(path)
	if err != nil {
		return err
	}
	if _, err := pjrt.GetPlugin(path); err != nil {
		return err
	}
	_ = interpose.Keep(path, identity)
	return nil
}

// identify returns bytes that stand for the content of a plugin file: the pinned SHA-256 of one that
// gomtl installed, and of another its path, size and time, for hashing hundreds of megabytes at each start
// would be felt.
func identify(path string) ([]byte, error) {
	pinned, err := digest(path)
	if err != nil {
		return nil, err
	}
	if pinned != "" {
		return []byte(pinned), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("backend: %w", err)
	}
	return fmt.Appendf(nil, "%s %d %d", path, info.Size(), info.ModTime().UnixNano()), nil
}
