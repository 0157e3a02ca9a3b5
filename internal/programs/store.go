// Package programs keeps compiled programs in a folder, each under a key of all that it depends on.
//
// A program is a file named after its key: a header with the SHA-256 of what follows, a note, and the
// bytes. Files are written under another name and renamed, so any number of processes may share a folder.
package programs

import (
	"os"
	"slices"
	"sync"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/mtl/compilation"
)

// memoryLimit bounds the bytes that a process keeps in memory as well as in the folder.
const memoryLimit = 64 << 20

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
	turns   map[Key]*sync.Mutex

	complain sync.Once
}

// NewStore returns the store in a folder, which is made when the first program is kept. The folder
// holds at most limit bytes: the programs that were not used for longest leave first.
func NewStore(dir string, limit int64) *Store {
	return &Store{dir: dir, limit: limit, written: -1}
}

// Dir is the folder.
func (s *Store) Dir() string { return s.dir }

// Limit is the number of bytes that the folder may hold.
func (s *Store) Limit() int64 { return s.limit }

// Program is how to come by a program that may be in a store.
type Program struct {
	Name string
	// Load loads what Compile gave; false where the backend refuses it.
	Load func(program []byte) bool
	// Compile compiles it, and gives what Load takes, or nil where there is no such thing.
	Compile func() (program []byte, ok bool)
}

// Run loads the program of a key, or compiles and keeps it, and counts which. Of several calls for one
// key at a time the first compiles, and the others load what it made. Without a store it compiles.
func (s *Store) Run(k Key, p Program) {
	if s == nil {
		start := time.Now()
		if _, ok := p.Compile(); ok {
			compilation.Compiled(time.Since(start))
		}
		return
	}
	turn := s.turn(k)
	turn.Lock()
	defer turn.Unlock()
	start := time.Now()
	if program := s.get(k); program != nil {
		if p.Load(program) {
			s.used(k)
			compilation.Loaded(time.Since(start))
			return
		}
		s.forget(k)
	}
	start = time.Now()
	program, ok := p.Compile()
	if !ok {
		return
	}
	took := time.Since(start)
	compilation.Compiled(took)
	if len(program) > 0 {
		s.put(k, Note{Name: p.Name, Took: took, Made: start.UTC()}, program)
	}
}

// turn is the lock of a key.
func (s *Store) turn(k Key) *sync.Mutex {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.turns == nil {
		s.turns = map[Key]*sync.Mutex{}
	}
	if s.turns[k] == nil {
		s.turns[k] = new(sync.Mutex)
	}
	return s.turns[k]
}

// get returns the program of a key, nil where there is none. The bytes must not be changed.
func (s *Store) get(k Key) []byte {
	s.mutex.Lock()
	program := s.memory[k]
	s.mutex.Unlock()
	if program == nil {
		if program = s.read(k); program != nil {
			s.remember(k, program)
		}
	}
	return program
}

// used notes that an entry served. Where the folder cannot be written, nothing is noted.
func (s *Store) used(k Key) {
	now := time.Now()
	_ = os.Chtimes(s.path(k), now, now)
	s.count(hitsFile)
}

// put keeps a program. It stays in memory too, so that an error, such as a full disk, costs later
// processes a compilation and this one nothing but a line.
func (s *Store) put(k Key, note Note, program []byte) {
	s.remember(k, program)
	if err := s.write(k, note, program); err != nil {
		s.complain.Do(func() { cache.Say("compiled programs are not kept for later: %v", err) })
		return
	}
	s.count(missesFile)
}

// remember keeps a program in memory, and forgets the oldest ones above memoryLimit.
func (s *Store) remember(k Key, program []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.memory[k] != nil || len(program) > memoryLimit/4 {
		return
	}
	if s.memory == nil {
		s.memory = map[Key][]byte{}
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

// forget removes a program that turned out to be useless, as one that the backend cannot load.
func (s *Store) forget(k Key) {
	s.mutex.Lock()
	if program := s.memory[k]; program != nil {
		s.bytes -= int64(len(program))
		delete(s.memory, k)
		s.order = slices.DeleteFunc(s.order, func(other Key) bool { return other == k })
	}
	s.mutex.Unlock()
	_ = os.Remove(s.path(k))
}
