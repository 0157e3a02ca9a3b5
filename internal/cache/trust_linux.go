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

// Exposed returns the first of path and the folders above it, as it is written and without symbolic
// links, that another user than this one and root can change; "" when there is none. In a folder with
// the sticky bit others cannot change what is there.
func Exposed(path string) string {
	if at := exposed(path); at != "" {
		return at
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	return exposed(real)
}

func exposed(path string) string {
	for {
		info, err := os.Lstat(path)
		if err != nil {
			return path
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		shared := info.Mode().Perm()&0o022 != 0 && info.Mode()&(os.ModeSticky|os.ModeSymlink) == 0
		if !ok || shared || s.Uid != 0 && int(s.Uid) != os.Geteuid() {
			return path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return ""
		}
		path = parent
	}
}
