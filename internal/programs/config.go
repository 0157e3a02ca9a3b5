package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gomtl/gomtl/internal/cache"
)

const (
	// Env names the environment variable that chooses the folder; "off" keeps nothing.
	Env = "GOMTL_COMPILE_CACHE"
	// LimitEnv names the environment variable that bounds the folder, in megabytes.
	LimitEnv = "GOMTL_COMPILE_CACHE_MB"

	defaultLimit = 2 << 30
)

// FromEnvironment returns the store that the environment chooses, by default the folder "programs"
// in gomtl's cache folder. It is nil where nothing is to be kept.
func FromEnvironment() (*Store, error) {
	dir := os.Getenv(Env)
	switch dir {
	case "off":
		return nil, nil
	case "":
		home, err := cache.Dir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(home, "programs")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("programs: %s: %w", Env, err)
	}
	limit := int64(defaultLimit)
	if text := os.Getenv(LimitEnv); text != "" {
		megabytes, err := strconv.ParseInt(text, 10, 32)
		if err != nil || megabytes < 1 {
			return nil, fmt.Errorf("programs: %s is %q; wanted a whole number of megabytes, 1 or more", LimitEnv, text)
		}
		limit = megabytes << 20
	}
	return NewStore(dir, limit), nil
}
