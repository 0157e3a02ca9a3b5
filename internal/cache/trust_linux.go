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
	return first(path, func(info os.FileInfo) bool {
		s, ok := info.Sys().(*syscall.Stat_t)
		return !ok || s.Uid != 0 && int(s.Uid) != os.Geteuid() || writable(info, 0o022)
	})
}

// OpenToAll is Exposed for what every user can change, whatever the groups and the owner are.
func OpenToAll(path string) string {
	return first(path, func(info os.FileInfo) bool { return writable(info, 0o002) })
}

func writable(info os.FileInfo, by os.FileMode) bool {
	return info.Mode().Perm()&by != 0 && info.Mode()&(os.ModeSticky|os.ModeSymlink) == 0
}

// first names the first of path and the folders above it, with and without symbolic links, that is bad.
func first(path string, bad func(os.FileInfo) bool) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err.Error()
	}
	for _, at := range []string{path, real} {
		for above := ""; at != above; above, at = at, filepath.Dir(at) {
			info, err := os.Lstat(at)
			if err != nil {
				return err.Error()
			}
			if bad(info) {
				return fmt.Sprintf("%s, of mode %v and owner %d", at, info.Mode(), info.Sys().(*syscall.Stat_t).Uid)
			}
		}
	}
	return ""
}
