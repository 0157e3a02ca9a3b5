package programs

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The least recently used programs leave first, and a foreign file stays.
func TestLimit(t *testing.T) {
	s := NewStore(t.TempDir(), 4500)
	foreign := filepath.Join(s.dir, "mine.program")
	if err := os.WriteFile(foreign, random(9000), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &backend{program: random(1000)}
	start := time.Now().Add(-time.Hour)
	for i := range 3 {
		b.run(s, key(i))
		at := start.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(s.path(key(i)), at, at); err != nil {
			t.Fatal(err)
		}
	}
	b.run(NewStore(s.dir, s.limit), key(0)) // now key(1) is the oldest
	b.want(t, 3, 1)
	b.run(s, key(3))
	for i, want := range []bool{true, false, true, true} {
		if _, err := os.Stat(s.path(key(i))); (err == nil) != want {
			t.Errorf("program %d is kept: %v; wanted %v", i, err == nil, want)
		}
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
	large := &backend{program: random(5000)}
	large.run(s, key(4))
	if _, err := os.Stat(s.path(key(4))); err == nil {
		t.Error("a program above the limit was kept")
	}
}

func TestUnfinishedFilesOfTheDeadLeave(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	old, young := filepath.Join(s.dir, ".unfinished-1"), filepath.Join(s.dir, ".unfinished-2")
	for _, path := range []string{old, young} {
		if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, at, at); err != nil {
		t.Fatal(err)
	}
	b := &backend{program: random(10)}
	b.run(s, key(1))
	if _, err := os.Stat(old); err == nil {
		t.Error("a file that a dead process left is still there")
	}
	if _, err := os.Stat(young); err != nil {
		t.Error(err)
	}
}

func TestClear(t *testing.T) {
	s := NewStore(t.TempDir(), gigabyte)
	foreign := filepath.Join(s.dir, "notes.txt")
	if err := os.WriteFile(foreign, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	b := &backend{program: random(10)}
	for i := range 3 {
		b.run(s, key(i))
	}
	removed, err := s.Clear()
	if err != nil || len(removed) != 3 {
		t.Errorf("removed %v, error %v; wanted 3 entries", removed, err)
	}
	left, err := os.ReadDir(s.dir)
	if err != nil || len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Errorf("left %v, error %v; wanted the foreign file", left, err)
	}
	b.run(s, key(1))
	b.want(t, 4, 0)
	if removed, err := NewStore(filepath.Join(s.dir, "none"), gigabyte).Clear(); len(removed) > 0 || err != nil {
		t.Errorf("a folder that is not there: %v, %v", removed, err)
	}
}

// processRuns is how many programs each process of TestManyProcesses gets.
const processRuns = 120

// processEnv names the folder in which a process of TestManyProcesses works.
const processEnv = "PROGRAMS_TEST_FOLDER"

// TestManyProcesses lets 8 processes read, write and trim one folder.
func TestManyProcesses(t *testing.T) {
	if dir := os.Getenv(processEnv); dir != "" {
		s := NewStore(dir, 40_000)
		for i := range processRuns {
			n := i * 7 % 30
			b := &backend{program: random(1000 + n)}
			b.run(NewStore(s.dir, s.limit), key(n))
			if b.different.Load() > 0 {
				t.Fatalf("program %d came back as another", n)
			}
		}
		return
	}
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestManyProcesses$")
			cmd.Env = append(os.Environ(), processEnv+"="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	s := NewStore(dir, 40_000)
	entries, err := s.Entries()
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d entries, error %v", len(entries), err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(e.Path)
		if _, _, bad := decode(data); err != nil || bad != nil {
			t.Errorf("%s: %v, %v", e.Path, err, bad)
		}
	}
	if hits, misses := s.Counts(); hits+misses != 8*processRuns {
		t.Errorf("%d hits and %d misses; wanted %d in all", hits, misses, 8*processRuns)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".unfinished-*")); len(left) > 0 {
		t.Errorf("unfinished files are left: %v", left)
	}
}
