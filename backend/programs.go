//go:build cgo

package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomtl/gomtl/internal/interpose"
	"github.com/gomtl/gomtl/internal/programs"
)

var (
	interposing sync.Mutex
	interposed  = map[string]bool{} // by the plugin's path
)

// keepPrograms makes go-xla load the plugin at path with a store of compiled programs in front,
// unless the environment switches that off. Programs of every backend on it are kept from then on.
func keepPrograms(path string) error {
	interposing.Lock()
	defer interposing.Unlock()
	if interposed[path] || !filepath.IsAbs(path) {
		return nil
	}
	store, err := programs.FromEnvironment()
	if err != nil || store == nil {
		return err
	}
	identity, err := identify(path)
	if err != nil {
		return err
	}
	table, err := interpose.Load(path, identity, store)
	if err != nil {
		return nil // go-xla loads the plugin by itself, and says what is wrong with it
	}
	if err := pjrt.RegisterPreloadedPlugin(path, table); err != nil {
		return fmt.Errorf("backend: plugin %s: %w", path, err)
	}
	interposed[path] = true
	return nil
}

// identify returns bytes that stand for the content of a plugin file: the SHA-256 of one that gomtl
// installed, and of another its path, size and time, for hashing hundreds of megabytes at each start
// would be felt.
func identify(path string) ([]byte, error) {
	s, err := readStamp(path)
	if err != nil {
		return nil, err
	}
	if s != nil {
		return []byte(s.SHA256), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("backend: %w", err)
	}
	return fmt.Appendf(nil, "%s %d %d", path, info.Size(), info.ModTime().UnixNano()), nil
}

// pathOf is the file of a plugin, which go-xla does not know when it was loaded here.
func pathOf(name string, plugin *pjrt.Plugin) string {
	interposing.Lock()
	defer interposing.Unlock()
	if interposed[name] {
		return name
	}
	return plugin.Path()
}
