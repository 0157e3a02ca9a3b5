// Package programs keeps compiled programs in a folder, each under a key of all that it depends on.
//
// A program is a file named after its key: a header, the SHA-256 of what follows, and the bytes.
// Files are written under another name and renamed, so any number of processes may share a folder.
package programs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
)

// header starts every entry. Its number changes when the format does: older entries are then misses.
const header = "gomtl compiled program 1\n"

// suffix ends the name of every entry.
const suffix = ".program"

// memoryLimit bounds the bytes that a process keeps in memory beside the folder.
const memoryLimit = 64 << 20

// Key names a program by the SHA-256 of all that its compilation depends on.
type Key [sha256.Size]byte

// NewKey hashes parts. Each is written with its length, so that no two lists of parts are alike.
func NewKey(parts ...[]byte) Key {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:", len(part))
		hash.Write(part)
	}
	return Key(hash.Sum(nil))
}

// Store is a folder of programs and a few of them in memory. Its methods are safe for many
// goroutines, and many processes may use one folder.
type Store struct {
	dir   string
	limit int64

	mutex   sync.Mutex
	memory  map[Key][]byte
	order   []Key // of memory, the oldest first
	bytes   int64 // in memory
	written int64 // to the folder since it was last trimmed; -1 before the first time
}

// NewStore returns the store in a folder, which is made when the first program is kept. The folder
// holds at most limit bytes: the programs that were not used for longest leave first.
func NewStore(dir string, limit int64) *Store {
	return &Store{dir: dir, limit: limit, memory: map[Key][]byte{}, written: -1}
}

// Dir is the folder.
func (s *Store) Dir() string { return s.dir }

// Limit is the number of bytes that the folder may hold.
func (s *Store) Limit() int64 { return s.limit }

func (s *Store) path(k Key) string { return filepath.Join(s.dir, hex.EncodeToString(k[:])+suffix) }

// Get returns the program of a key, nil where there is none. An entry that is damaged, or of
// another version of this format, is no entry. The bytes must not be changed.
func (s *Store) Get(k Key) []byte {
	s.mutex.Lock()
	program := s.memory[k]
	s.mutex.Unlock()
	if program != nil {
		s.used(k)
		return program
	}
	data, err := os.ReadFile(s.path(k))
	if err != nil {
		return nil
	}
	if program = decode(data); program == nil {
		return nil
	}
	s.used(k)
	s.remember(k, program)
	return program
}

// decode returns the program of an entry's bytes, nil where they are not whole.
func decode(data []byte) []byte {
	rest, found := bytes.CutPrefix(data, []byte(header))
	if !found || len(rest) <= sha256.Size {
		return nil
	}
	program := rest[sha256.Size:]
	if sha256.Sum256(program) != [sha256.Size]byte(rest) {
		return nil
	}
	return program
}

// used notes that an entry served. Where the folder cannot be written, nothing is noted.
func (s *Store) used(k Key) {
	now := time.Now()
	_ = os.Chtimes(s.path(k), now, now)
	s.count(hitsFile)
}

// Put keeps a program. It stays in memory too, so that an error, such as a full disk, costs later
// processes a compilation and this one nothing.
func (s *Store) Put(k Key, program []byte) error {
	s.remember(k, program)
	if int64(len(program)) > s.limit {
		return fmt.Errorf("programs: a compiled program of %d bytes is above the limit of %d", len(program), s.limit)
	}
	sum := sha256.Sum256(program)
	data := slices.Concat([]byte(header), sum[:], program)
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("programs: %w", err)
	}
	// Not flushed to the disk: what a power cut damages is a miss.
	temp, err := os.CreateTemp(s.dir, cache.TempPrefix)
	if err != nil {
		return fmt.Errorf("programs: %w", err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), s.path(k))
	}
	if err != nil {
		return fmt.Errorf("programs: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	s.count(missesFile)
	return s.trim(int64(len(data)))
}

// remember keeps a program in memory, and forgets the oldest ones above memoryLimit.
func (s *Store) remember(k Key, program []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.memory[k] != nil || len(program) > memoryLimit/4 {
		return
	}
	s.memory[k] = program
	s.order = append(s.order, k)
	s.bytes += int64(len(program))
	for s.bytes > memoryLimit {
		s.bytes -= int64(len(s.memory[s.order[0]]))
		delete(s.memory, s.order[0])
		s.order = s.order[1:]
	}
}

// Forget removes a program that turned out to be useless, as one that the backend cannot load.
func (s *Store) Forget(k Key) {
	s.mutex.Lock()
	if program := s.memory[k]; program != nil {
		s.bytes -= int64(len(program))
		delete(s.memory, k)
		s.order = slices.DeleteFunc(s.order, func(other Key) bool { return other == k })
	}
	s.mutex.Unlock()
	_ = os.Remove(s.path(k))
}

// Entry is a program in the folder.
type Entry struct {
	Name  string // file name
	Bytes int64
	Used  time.Time // when it was made or last loaded
}

// Entries lists the folder, the most recently used first.
func (s *Store) Entries() ([]Entry, error) {
	files, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("programs: %w", err)
	}
	var entries []Entry
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), suffix) {
			continue
		}
		info, err := file.Info()
		if err != nil {
			continue // another process has just removed it
		}
		entries = append(entries, Entry{file.Name(), info.Size(), info.ModTime()})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return b.Used.Compare(a.Used) })
	return entries, nil
}

// trim removes what was not used for longest while the folder is above its limit. It looks at the
// folder when a twentieth of the limit was written since it last looked.
func (s *Store) trim(written int64) error {
	s.mutex.Lock()
	due := s.written < 0 || s.written+written > s.limit/20
	if due {
		s.written = 0
	} else {
		s.written += written
	}
	s.mutex.Unlock()
	if !due {
		return nil
	}
	s.removeUnfinished()
	entries, err := s.Entries()
	if err != nil {
		return err
	}
	sum := int64(0)
	for _, e := range entries {
		if sum += e.Bytes; sum > s.limit {
			if err := os.Remove(filepath.Join(s.dir, e.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("programs: %w", err)
			}
		}
	}
	return nil
}

// removeUnfinished removes what processes that were killed left more than an hour ago.
func (s *Store) removeUnfinished() {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, file := range files {
		info, err := file.Info()
		if err == nil && strings.HasPrefix(file.Name(), cache.TempPrefix) && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(s.dir, file.Name()))
		}
	}
}

// Clear removes every program and both counters, and returns how many bytes that freed.
func (s *Store) Clear() (freed int64, err error) {
	s.mutex.Lock()
	s.memory, s.order, s.bytes = map[Key][]byte{}, nil, 0
	s.mutex.Unlock()
	entries, err := s.Entries()
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, e := range entries {
		if err := os.Remove(filepath.Join(s.dir, e.Name)); err == nil {
			freed += e.Bytes
		} else if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	for _, name := range []string{hitsFile, missesFile} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return freed, errors.Join(errs...)
}
