package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/gomtl/gomtl/internal/cache"
)

const (
	// Env names the environment variable that chooses the folder; "off" keeps nothing.
	Env = "GOMTL_COMPILE_CACHE"
	// LimitEnv names the environment variable that bounds the folder, in megabytes.
	LimitEnv = "GOMTL_COMPILE_CACHE_MB"

	defaultLimit = 2 << 30
)

// place is what makes one store another than the next.
type place struct {
	dir   string
	limit int64
}

var stores struct {
	sync.Mutex
	at map[place]*Store
}

// FromEnvironment returns the store that the environment chooses, by default the folder "programs"
// in gomtl's cache folder. It is nil where nothing is to be kept. A process has one store a folder.
func FromEnvironment() (*Store, error) {
	at, err := fromEnvironment()
	if err != nil || at.dir == "" {
		return nil, err
	}
	stores.Lock()
	defer stores.Unlock()
	s := stores.at[at]
	if s == nil {
		s = NewStore(at.dir, at.limit)
		if stores.at == nil {
			stores.at = map[place]*Store{}
		}
		stores.at[at] = s
	}
	return s, nil
}

func fromEnvironment() (at place, err error) {
	at = place{dir: os.Getenv(Env), limit: defaultLimit}
	switch {
	case at.dir == "off":
		return place{}, nil
	case at.dir == "":
		home, err := cache.Dir()
		if err != nil {
			return place{}, err
		}
		at.dir = filepath.Join(home, "programs")
	case !filepath.IsAbs(at.dir):
		// The cells of a notebook run in folders of their own, and each would keep its programs elsewhere.
		return place{}, fmt.Errorf("programs: %s is %q; wanted the absolute path of a folder, or off", Env, at.dir)
	}
	at.dir = filepath.Clean(at.dir)
	if text := os.Getenv(LimitEnv); text != "" {
		megabytes, err := strconv.ParseInt(text, 10, 32)
		if err != nil || megabytes < 1 {
			return place{}, fmt.Errorf("programs: %s is %q; wanted a whole number of megabytes, 1 or more", LimitEnv, text)
		}
		at.limit = megabytes << 20
	}
	return at, nil
}
