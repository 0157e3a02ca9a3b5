package programs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
)

// suffix ends the name of every entry.
const suffix = ".program"

// entryName matches the files that are ours in the folder.
var entryName = regexp.MustCompile(`^[0-9a-f]{64}\` + suffix + `$`)

func (s *Store) path(k Key) string { return filepath.Join(s.dir, k.String()+suffix) }

// read returns the program of an entry, nil where there is none. One that is damaged, of another key
// or of another version of the format is none.
func (s *Store) read(k Key) []byte {
	entry, err := os.ReadFile(s.path(k))
	if err != nil || s.check() != nil {
		return nil
	}
	note, program, err := decode(entry)
	if err != nil || note.Key != k.String() {
		return nil
	}
	return program
}

// check refuses a folder in which every user may write. It holds machine code, which runs with the
// rights of whoever loads it.
func (s *Store) check() error {
	info, err := os.Stat(s.dir)
	if err != nil {
		return fmt.Errorf("programs: %w", err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("programs: every user may write in %s, so its programs are not trusted: chmod o-w", s.dir)
	}
	return nil
}

// write puts an entry into the folder, whole as far as others can see.
func (s *Store) write(k Key, note Note, program []byte) error {
	note.Key = k.String()
	entry, err := encode(note, program)
	if err != nil {
		return err
	}
	if int64(len(entry)) > s.limit {
		return fmt.Errorf("programs: a compiled program of %d bytes is above the limit of %d", len(entry), s.limit)
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("programs: %w", err)
	}
	if err := s.check(); err != nil {
		return err
	}
	// Not flushed to the disk: what a power cut damages is a miss.
	temp, err := os.CreateTemp(s.dir, cache.TempPrefix)
	if err != nil {
		return fmt.Errorf("programs: %w", err)
	}
	_, err = temp.Write(entry)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), s.path(k))
	}
	if err != nil {
		return fmt.Errorf("programs: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	return s.trim(int64(len(entry)))
}

// Usable returns an error where programs cannot be kept in the folder or are not trusted. It writes a
// file and removes it again, in the folder or in what is there of the path to it.
func (s *Store) Usable() error {
	dir := s.dir
	file, err := os.CreateTemp(dir, cache.TempPrefix)
	for errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		file, err = os.CreateTemp(dir, cache.TempPrefix)
	}
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	if err != nil {
		return fmt.Errorf("programs: nothing can be kept in %s: %w", s.dir, err)
	}
	if dir != s.dir {
		return nil
	}
	return s.check()
}

// Entry is a program in the folder.
type Entry struct {
	Note
	Path  string
	Bytes int64
	Used  time.Time // when it was made or last loaded
}

// Entries lists the folder, the most recently used first.
func (s *Store) Entries() ([]Entry, error) {
	entries, err := s.files()
	for i := range entries {
		entries[i].Note = readNote(entries[i].Path)
	}
	return entries, err
}

// files is Entries without the notes, which are inside the files.
func (s *Store) files() ([]Entry, error) {
	files, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("programs: %w", err)
	}
	var entries []Entry
	for _, file := range files {
		if !entryName.MatchString(file.Name()) {
			continue
		}
		info, err := file.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // another process has just removed it
		}
		entries = append(entries, Entry{Path: filepath.Join(s.dir, file.Name()), Bytes: info.Size(), Used: info.ModTime()})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return b.Used.Compare(a.Used) })
	return entries, nil
}

// readNote returns the note of an entry without looking whether the entry is whole.
func readNote(path string) (note Note) {
	file, err := os.Open(path)
	if err != nil {
		return Note{}
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	var line []byte
	for range 2 {
		if line, err = reader.ReadSlice('\n'); err != nil {
			return Note{}
		}
	}
	if json.Unmarshal(line, &note) != nil {
		return Note{}
	}
	return note
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
	entries, err := s.files()
	if err != nil {
		return err
	}
	sum := int64(0)
	for _, e := range entries {
		if sum += e.Bytes; sum > s.limit {
			if err := os.Remove(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
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

// Clear removes every program and both counters, and returns what it removed. Foreign files stay.
func (s *Store) Clear() (removed []Entry, err error) {
	s.mutex.Lock()
	s.memory, s.order, s.bytes = nil, nil, 0
	s.mutex.Unlock()
	entries, err := s.files()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, e := range entries {
		if err := os.Remove(e.Path); err == nil {
			removed = append(removed, e)
		} else if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	for _, name := range []string{hitsFile, missesFile} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return removed, errors.Join(errs...)
}
