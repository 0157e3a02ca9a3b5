package programs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomtl/gomtl/mtl/compilation"
)

const gigabyte = 1 << 30

// backend stands for one that compiles a program to bytes.
type backend struct {
	program   []byte
	refuse    bool // to load
	slow      time.Duration
	compiled  atomic.Int32
	loaded    atomic.Int32
	different atomic.Int32 // loads of other bytes than it compiled
}

func (b *backend) run(s *Store, k Key) {
	s.Run(k, Program{
		Name: "main",
		Load: func(program []byte) bool {
			if !bytes.Equal(program, b.program) {
				b.different.Add(1)
			}
			if !b.refuse {
				b.loaded.Add(1)
			}
			return !b.refuse
		},
		Compile: func() ([]byte, bool) {
			b.compiled.Add(1)
			time.Sleep(b.slow)
			return b.program, true
		},
	})
}

func (b *backend) want(t *testing.T, compiled, loaded int32) {
	t.Helper()
	if b.compiled.Load() != compiled || b.loaded.Load() != loaded || b.different.Load() > 0 {
		t.Errorf("compiled %d and loaded %d, %d of them wrong; wanted %d and %d, none wrong",
			b.compiled.Load(), b.loaded.Load(), b.different.Load(), compiled, loaded)
	}
}

func key(i int) Key { return NewKey([]byte(fmt.Sprint(i))) }

func random(size int) []byte {
	data := make([]byte, size)
	for i, state := 0, uint32(1); i < size; i++ {
		state = state*1664525 + 1013904223
		data[i] = byte(state >> 24)
	}
	return data
}

func TestProgramServesThisProcessAndTheNext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder with spaces")
	b := &backend{program: random(5000)}
	before := compilation.Total()
	first := NewStore(dir, gigabyte)
	b.run(first, key(1))
	b.want(t, 1, 0)
	b.run(first, key(1)) // from memory
	b.want(t, 1, 1)
	b.run(NewStore(dir, gigabyte), key(1)) // from the folder
	b.want(t, 1, 2)
	b.run(first, key(2))
	b.want(t, 2, 2)
	if hits, misses := first.Counts(); hits != 2 || misses != 2 {
		t.Errorf("%d hits and %d misses; wanted 2 and 2", hits, misses)
	}
	if got := compilation.Since(before); got.Compiled != 2 || got.Loaded != 2 {
		t.Errorf("counted %+v; wanted 2 compiled and 2 loaded", got)
	}
	entries, err := first.Entries()
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, error %v; wanted two entries", entries, err)
	}
	for _, e := range entries {
		if e.Name != "main" || e.Made.IsZero() || !strings.HasPrefix(filepath.Base(e.Path), e.Key) {
			t.Errorf("an entry says %+v", e)
		}
	}
}

// Each bit of an entry is flipped, and it is cut at each length: what is left is compiled again.
func TestDamagedEntryIsCompiledAgain(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	b := &backend{program: random(100)}
	b.run(s, key(1))
	path := s.path(key(1))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{{}, append(bytes.Clone(whole), 0)}
	for i := range whole {
		damaged = append(damaged, whole[:i])
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			damaged = append(damaged, flipped)
		}
	}
	for i, data := range damaged {
		if note, program, err := decode(data); err == nil {
			t.Fatalf("damage %d is read as %+v with a program of %d bytes", i, note, len(program))
		}
	}
	if err := os.WriteFile(path, damaged[len(damaged)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.want(t, 2, 0)
	b.run(NewStore(s.dir, gigabyte), key(1)) // it was written again
	b.want(t, 2, 1)
}

func TestEntryOfAnotherKeyIsNone(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	other := &backend{program: random(10)}
	other.run(s, key(1))
	if err := os.Rename(s.path(key(1)), s.path(key(2))); err != nil {
		t.Fatal(err)
	}
	b := &backend{program: random(20)}
	b.run(NewStore(s.dir, gigabyte), key(2))
	b.want(t, 1, 0)
}

func TestEntryOfAnotherVersionIsNone(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	b := &backend{program: random(10)}
	b.run(s, key(1))
	entry, err := os.ReadFile(s.path(key(1)))
	if err != nil {
		t.Fatal(err)
	}
	older := bytes.Replace(entry, []byte("program 1 "), []byte("program 0 "), 1)
	if err := os.WriteFile(s.path(key(1)), older, 0o644); err != nil || bytes.Equal(older, entry) {
		t.Fatal("the entry has no version", err)
	}
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.want(t, 2, 0)
}

func TestRefusedProgramIsCompiledAndReplaced(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	b := &backend{program: random(10)}
	b.run(s, key(1))
	b.refuse, b.program = true, random(11)
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.run(s, key(1)) // which has the first one in memory
	b.different.Store(0)
	b.want(t, 3, 0)
	b.refuse = false
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.run(s, key(1))
	b.want(t, 3, 2)
}

func TestProgramThatCannotBeSerializedIsNotKept(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	b := &backend{}
	b.run(s, key(1))
	b.run(s, key(1))
	b.want(t, 2, 0)
}

func TestFailedCompilationCountsNothing(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	before := compilation.Total()
	for range 2 {
		s.Run(key(1), Program{Compile: func() ([]byte, bool) { return nil, false }})
	}
	if got := compilation.Since(before); got != (compilation.Count{}) {
		t.Errorf("counted %+v", got)
	}
}

func TestNoStoreCompilesAndCounts(t *testing.T) {
	b := &backend{program: random(10)}
	before := compilation.Total()
	for range 2 {
		b.run(nil, key(1))
	}
	b.want(t, 2, 0)
	if got := compilation.Since(before); got.Compiled != 2 {
		t.Errorf("counted %+v; wanted 2 compiled", got)
	}
}

// A folder that cannot be made, for a file is in its place, leaves this process its memory.
func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := NewStore(filepath.Join(file, "programs"), gigabyte)
	b := &backend{program: random(10)}
	b.run(s, key(1))
	b.run(s, key(1))
	b.want(t, 1, 1)
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.want(t, 2, 1)
	if err := s.Usable(); err == nil || !strings.Contains(err.Error(), s.dir) {
		t.Errorf("error %v; wanted one that names %s", err, s.dir)
	}
	absent := NewStore(filepath.Join(filepath.Dir(file), "new", "programs"), gigabyte)
	if err := absent.Usable(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(absent.dir)); err == nil {
		t.Error("to ask made a folder")
	}
}

func TestFolderOpenToEveryUserIsNotTrusted(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	b := &backend{program: random(10)}
	b.run(s, key(1))
	if err := os.Chmod(s.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.want(t, 2, 0)
	if err := s.Usable(); err == nil || !strings.Contains(err.Error(), "chmod o-w") {
		t.Errorf("error %v; wanted one that says how to mend it", err)
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b.run(NewStore(s.dir, gigabyte), key(1))
	b.want(t, 2, 1)
}

// Many goroutines that want one program compile it once.
func TestOneProgramAtOnce(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	b := &backend{program: random(1000), slow: 20 * time.Millisecond}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() { b.run(s, key(1)) })
	}
	group.Wait()
	b.want(t, 1, 15)
}

func TestKey(t *testing.T) {
	if NewKey([]byte("ab"), []byte("c")) == NewKey([]byte("a"), []byte("bc")) || NewKey() == NewKey(nil) {
		t.Error("two lists of parts have one key")
	}
	// printf '3:abc0:' | sha256sum
	const want = "bdf1004d3099a7a3712d12c456e15ebb2b81d43740868f77760be8f639855aad"
	if got := NewKey([]byte("abc"), nil).String(); got != want {
		t.Errorf("the key is %s; wanted %s", got, want)
	}
}
