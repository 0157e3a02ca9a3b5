package backend_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/internal/programs"
	"github.com/gomtl/gomtl/mtl/compilation"
)

// norm computes a number on XLA, by a graph that is built each time and then compiled or loaded.
func norm(t *testing.T, b compute.Backend, want compilation.Count) {
	t.Helper()
	before := compilation.Total()
	result, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node {
		return graph.Sqrt(graph.ReduceAllSum(graph.Mul(x, x)))
	}, []float32{2, 3, 6})
	if err != nil {
		t.Fatal(err)
	}
	if got := tensors.ToScalar[float32](result); math.Abs(float64(got)-7) > 1e-6 {
		t.Errorf("√(2² + 3² + 6²) came out as %v", got)
	}
	got := compilation.Since(before)
	if got.Compiled != want.Compiled || got.Loaded != want.Loaded {
		t.Errorf("compiled %d and loaded %d; wanted %d and %d", got.Compiled, got.Loaded, want.Compiled, want.Loaded)
	}
}

var (
	compiles = compilation.Count{Compiled: 1}
	loads    = compilation.Count{Loaded: 1}
)

// copied puts the entry of a folder into a new one, changed, and chooses it: as a process finds it that
// has nothing in memory.
func copied(t *testing.T, from string, change func(entry []byte) []byte) {
	t.Helper()
	dir := t.TempDir()
	entries, err := filepath.Glob(filepath.Join(from, "*.program"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("entries %v, error %v; wanted one", entries, err)
	}
	entry, err := os.ReadFile(entries[0])
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(entries[0])), change(entry), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(programs.Env, dir)
}

// unloadable is an entry that is whole, but holds what no backend can load.
func unloadable(entry []byte) []byte {
	lines := bytes.SplitN(entry, []byte("\n"), 3)
	body := append(append(lines[1], '\n'), "no program"...)
	version := lines[0][:bytes.LastIndexByte(lines[0], ' ')+1]
	return fmt.Appendf(nil, "%s%x\n%s", version, sha256.Sum256(body), body)
}

func TestKeptProgram(t *testing.T) {
	b := backendtest.XLA(t)
	dir := filepath.Join(t.TempDir(), "programs")
	t.Setenv(programs.Env, dir)
	norm(t, b, compiles)
	norm(t, b, loads)

	copied(t, dir, func(entry []byte) []byte { return entry })
	norm(t, b, loads)
	copied(t, dir, func(entry []byte) []byte { entry[len(entry)/2] ^= 1; return entry })
	norm(t, b, compiles)
	norm(t, b, loads)
	copied(t, dir, unloadable)
	norm(t, b, compiles)
	norm(t, b, loads)

	t.Setenv(programs.Env, "off")
	norm(t, b, compiles)
	norm(t, b, compiles)
}

// Whatever changes what the compiler makes leads to another program.
func TestKeptProgramOfOtherSettings(t *testing.T) {
	b := backendtest.XLA(t)
	t.Setenv(programs.Env, t.TempDir())
	norm(t, b, compiles)
	t.Setenv("XLA_TEST_OF_GOMTL", "1")
	norm(t, b, compiles)
	t.Setenv("XLA_TEST_OF_GOMTL", "2")
	norm(t, b, compiles)
	t.Setenv("XLA_TEST_OF_GOMTL", "1")
	norm(t, b, loads)
}

// Several backends on one plugin share what is kept, also after one of them is gone.
func TestKeptProgramOfAnotherBackend(t *testing.T) {
	b := backendtest.XLA(t)
	t.Setenv(programs.Env, t.TempDir())
	other, err := backend.Installed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	norm(t, other, compiles)
	norm(t, b, loads)
	other.Finalize()
	norm(t, b, loads)
}

// A setting that means nothing is an error when a backend starts, and not a folder somewhere.
func TestSettingOfKeptPrograms(t *testing.T) {
	backendtest.XLA(t)
	t.Setenv(programs.Env, "some/folder")
	if _, err := backend.Installed(t.Context()); err == nil || !strings.Contains(err.Error(), programs.Env) {
		t.Errorf("error %v; wanted one that names %s", err, programs.Env)
	}
}
