package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// State describes a file so that whatever is done to it changes the text: its device, number, size, and
// the times at which its content and its entry were changed last. The latter no program can set.
// The text is empty where the file cannot be looked at.
func State(path string) string {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("device %d, file %d, %d bytes, content of %d.%09d, entry of %d.%09d",
		s.Dev, s.Ino, s.Size, s.Mtim.Sec, s.Mtim.Nsec, s.Ctim.Sec, s.Ctim.Nsec)
}

// Exposed names the first of path and the folders above it, as it is written and without symbolic links,
// that another user than this one and root can change, and says why; "" when there is none. In a folder
// with the sticky bit others cannot change what is there.
func Exposed(path string) string {
	if why := exposed(path); why != "" {
		return why
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err.Error()
	}
	return exposed(real)
}

func exposed(path string) string {
	for {
		info, err := os.Lstat(path)
		if err != nil {
			return err.Error()
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		switch mode := info.Mode(); {
		case !ok || s.Uid != 0 && int(s.Uid) != os.Geteuid():
			return path + ", which belongs to somebody else"
		case mode.Perm()&0o022 != 0 && mode&(os.ModeSticky|os.ModeSymlink) == 0:
			return fmt.Sprintf("%s, which has the mode %#o", path, mode.Perm())
		}
		parent := filepath.Dir(path)
		if parent == path {
			return ""
		}
		path = parent
	}
}
