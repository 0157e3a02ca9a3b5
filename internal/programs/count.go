package programs

import (
	"fmt"
	"os"
	"path/filepath"
)

// The counters of a folder are files whose size is the count: appending a byte is one step, so that
// many processes can count at once without a lock.
const (
	hitsFile   = "hits"
	missesFile = "misses"
)

func (s *Store) count(name string) {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return // a folder that cannot be written counts nothing
	}
	_, _ = f.WriteString(".")
	_ = f.Close()
}

// Counts are how many programs were loaded from the folder and how many were added to it since it
// was last cleared, by all processes.
func (s *Store) Counts() (hits, misses int64) { return s.size(hitsFile), s.size(missesFile) }

func (s *Store) size(name string) int64 {
	info, err := os.Stat(filepath.Join(s.dir, name))
	if err != nil {
		return 0
	}
	return info.Size()
}

// Usage says in a line what the folder holds and what it brought.
func (s *Store) Usage() (string, error) {
	entries, err := s.files()
	if err != nil {
		return "", err
	}
	size := int64(0)
	for _, e := range entries {
		size += e.Bytes
	}
	hits, misses := s.Counts()
	return fmt.Sprintf("%d program(s), %s of %s; loaded %d times, compiled and kept %d",
		len(entries), Megabytes(size), Megabytes(s.limit), hits, misses), nil
}

// Megabytes writes a number of bytes as gomtl's limit is given.
func Megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20)) }
