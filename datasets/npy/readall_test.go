package npy_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/npy"
)

// whole reads a file at once as T and returns its values as bytes.
func whole[T npy.Element](r *npy.Reader) ([]byte, error) {
	values, err := npy.ReadAll[T](r, enough)
	if err != nil {
		return nil, err
	}
	return binary.Append(nil, binary.LittleEndian, values)
}

// wholes read a file at once as the Go type of its dtype.
var wholes = map[npy.DType]func(*npy.Reader) ([]byte, error){
	"bool": whole[bool], "int8": whole[int8], "int16": whole[int16], "int32": whole[int32],
	"int64": whole[int64], "uint8": whole[uint8], "uint16": whole[uint16], "uint32": whole[uint32],
	"uint64": whole[uint64], "float16": whole[float32], "float32": whole[float32],
	"float64": whole[float64], "complex64": whole[complex64], "complex128": whole[complex128],
}

// onDisk opens a file of this content.
func onDisk(t *testing.T, content []byte) *npy.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	err := os.WriteFile(path, content, 0o600)
	var r *npy.Reader
	if err == nil {
		r, err = npy.Open(path, npy.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// An array read at once has numpy's values too, from a file and from a reader of unknown length.
func TestReadAllAsNumpy(t *testing.T) {
	for i, c := range load(t).Files {
		stream, err := npy.NewReader(iotest.OneByteReader(bytes.NewReader(c.File)), npy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []*npy.Reader{stream, onDisk(t, c.File)} {
			if got, err := wholes[c.DType](r); err != nil || !bytes.Equal(got, c.Values) {
				t.Errorf("file %d, %s %v: % .99x %v, want % .99x", i, c.DType, c.Shape, got, err, c.Values)
			}
		}
	}
}

// Arrays of many blocks, in both orders of bytes, as their own type and as another.
func TestLongArrays(t *testing.T) {
	const n = 70001
	want, wide := make([]float32, n), make([]float64, n)
	for i := range want {
		want[i] = float32(i)/8 - 1000
		wide[i] = float64(want[i])
	}
	for _, c := range []struct {
		descr string
		order binary.ByteOrder
	}{{"<f4", binary.LittleEndian}, {">f4", binary.BigEndian}} {
		content, err := binary.Append(nil, c.order, want)
		if err != nil {
			t.Fatal(err)
		}
		content = header(c.descr, "False", "(70001,)", content...)
		for _, open := range []func() *npy.Reader{
			func() *npy.Reader { return onDisk(t, content) },
			func() *npy.Reader {
				r, err := npy.NewReader(bytes.NewReader(content), npy.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return r
			},
		} {
			if got, err := npy.ReadAll[float32](open(), n); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %d values, %v", c.descr, len(got), err)
			}
			if got, err := npy.ReadAll[float64](open(), n); err != nil || !slices.Equal(got, wide) {
				t.Errorf("%s as float64: %d values, %v", c.descr, len(got), err)
			}
			if _, err := npy.ReadAll[float32](open(), n-1); err == nil || !strings.Contains(err.Error(),
				"the array has 70001 values, and 70000 are allowed") {
				t.Error(err)
			}
		}
	}
}

// A file that ends in a later block is said to end where it ends.
func TestLongArrayCut(t *testing.T) {
	content := header("<f4", "False", "(70001,)", make([]byte, 4*70001)...)
	cut := len(content) - 3
	want := fmt.Sprintf("the file ends at byte %d, inside the values", cut)
	for i, err := range []error{errorOf[float32](onDisk(t, content[:cut])),
		errorOf[float64](onDisk(t, content[:cut])),
		errorOf[float32](must(npy.NewReader(bytes.NewReader(content[:cut]), npy.Options{})))} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("case %d: %v; wanted %q", i, err, want)
		}
	}
}

// The bits of a NaN are kept where the type is.
func TestNaN(t *testing.T) {
	const bits = 0x7fa12345 // one that signals
	r, err := npy.NewReader(bytes.NewReader(header(">f4", "False", "(1,)", 0x7f, 0xa1, 0x23, 0x45)),
		npy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := npy.ReadAll[float32](r, 1); err != nil || math.Float32bits(got[0]) != bits {
		t.Errorf("%x %v", got, err)
	}
}

// ReadAll takes memory for what is there: twice the values of a reader of unknown length, once
// those of a file, nothing for what only a header claims.
func TestReadAllMemory(t *testing.T) {
	taken := func(read func()) int {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		read()
		runtime.ReadMemStats(&after)
		return int(after.TotalAlloc - before.TotalAlloc)
	}
	for _, order := range []string{"False", "True"} {
		claim := header("<f8", order, "(2, 50000000)", 1)
		if n := taken(func() {
			for _, r := range []*npy.Reader{onDisk(t, claim), must(npy.NewReader(bytes.NewReader(claim),
				npy.Options{}))} {
				if _, err := npy.ReadAll[float64](r, 1<<40); err == nil ||
					!strings.Contains(err.Error(), "the file ends at byte") {
					t.Error(err)
				}
			}
		}); n > 1<<20 {
			t.Errorf("%d bytes were taken for small files", n)
		}
	}
	const size = 8 << 20
	content := header("|u1", "False", "(8388608,)", make([]byte, size)...)
	for i, r := range []*npy.Reader{onDisk(t, content), must(npy.NewReader(bytes.NewReader(content),
		npy.Options{}))} {
		n := taken(func() {
			if _, err := npy.ReadAll[uint8](r, size); err != nil {
				t.Error(err)
			}
		})
		if most := []int{size + 1<<20, 2*size + 1<<20}[i]; n > most {
			t.Errorf("reader %d: %d bytes were taken for %d; at most %d", i, n, size, most)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
