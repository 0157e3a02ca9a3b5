package npy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomtl/gomtl/datasets/npy"
)

func Example() {
	var file bytes.Buffer
	if err := npy.Write(&file, []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}); err != nil {
		fmt.Println(err)
		return
	}
	r, err := npy.NewReader(&file, npy.Options{}) // in practice npy.Open("image.npy", ...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.DType(), r.Shape())
	for row, err := range npy.Rows[float64](r) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row)
	}
	// Output:
	// float32 [2 3]
	// [1 2 3]
	// [4 5 6]
}

// fixture is what testdata/files.py writes.
type fixture struct {
	Files []struct {
		File, Values []byte
		DType        npy.DType
		Shape        []int
		Fortran      bool
	}
	Archives []struct {
		File   []byte
		Arrays []struct {
			Name   string
			Values []byte
		}
	}
	Refused [][]byte
}

func load(tb testing.TB) (f fixture) {
	tb.Helper()
	text, err := os.ReadFile("testdata/files.json")
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

const enough = 1 << 20

// encoded reads a file as T and returns its values as bytes.
func encoded[T npy.Element](r *npy.Reader) ([]byte, error) {
	var all []byte
	for row, err := range npy.Rows[T](r) {
		if err != nil {
			return nil, err
		}
		if all, err = binary.Append(all, binary.LittleEndian, row); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readers read a file as the Go type of its dtype.
var readers = map[npy.DType]func(*npy.Reader) ([]byte, error){
	"bool": encoded[bool], "int8": encoded[int8], "int16": encoded[int16], "int32": encoded[int32],
	"int64": encoded[int64],
	"uint8": encoded[uint8], "uint16": encoded[uint16], "uint32": encoded[uint32],
	"uint64": encoded[uint64], "float16": encoded[float32],
	"float32": encoded[float32], "float64": encoded[float64], "complex64": encoded[complex64],
	"complex128": encoded[complex128],
}

// Every file of numpy's has numpy's values.
func TestReadsNumpy(t *testing.T) {
	for i, c := range load(t).Files {
		r, err := npy.NewReader(bytes.NewReader(c.File), npy.Options{})
		if err != nil {
			t.Fatalf("file %d, %s %v: %v", i, c.DType, c.Shape, err)
		}
		if r.DType() != c.DType || !slices.Equal(r.Shape(), c.Shape) || r.Fortran() != c.Fortran {
			t.Errorf("file %d: %s %v %v, want %s %v %v", i, r.DType(), r.Shape(), r.Fortran(), c.DType,
				c.Shape, c.Fortran)
		}
		if got, err := readers[c.DType](r); err != nil || !bytes.Equal(got, c.Values) {
			t.Errorf("file %d, %s %v: % .99x %v, want % .99x", i, c.DType, c.Shape, got, err, c.Values)
		}
	}
}

// Every file that NumPy writes as version 1.0, little-endian and in C order is written again byte
// for byte.
func TestWritesAsNumpy(t *testing.T) {
	wrote := 0
	for i, c := range load(t).Files {
		little := bytes.Contains(c.File[:80], []byte("'<")) || bytes.Contains(c.File[:80], []byte("'|"))
		if c.File[6] != 1 || c.Fortran || !little || c.DType == "float16" {
			continue
		}
		var out bytes.Buffer
		if err := rewrite(&out, c.DType, c.Shape, c.File); err != nil || !bytes.Equal(out.Bytes(),
			c.File) {
			t.Errorf("file %d, %s %v: %q %v, want %q", i, c.DType, c.Shape, out.Bytes(), err, c.File)
		}
		wrote++
	}
	if wrote < 20 {
		t.Errorf("%d files were written", wrote)
	}
}

func rewrite(out *bytes.Buffer, d npy.DType, shape []int, file []byte) error {
	copies := map[npy.DType]func(*bytes.Buffer, []int, *npy.Reader) error{
		"bool": again[bool], "int8": again[int8], "int16": again[int16], "int32": again[int32],
		"int64": again[int64], "uint8": again[uint8], "uint16": again[uint16],
		"uint32": again[uint32], "uint64": again[uint64], "float32": again[float32],
		"float64": again[float64], "complex64": again[complex64], "complex128": again[complex128],
	}
	r, err := npy.NewReader(bytes.NewReader(file), npy.Options{})
	if err != nil {
		return err
	}
	return copies[d](out, shape, r)
}

func again[T npy.Element](out *bytes.Buffer, shape []int, r *npy.Reader) error {
	values, err := npy.ReadAll[T](r, enough)
	if err != nil {
		return err
	}
	return npy.Write(out, shape, values)
}

func TestArchives(t *testing.T) {
	for i, c := range load(t).Archives {
		path := filepath.Join(t.TempDir(), "a.npz")
		if err := os.WriteFile(path, c.File, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := npy.OpenArchive(path, npy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		for k, array := range c.Arrays {
			r, err := a.Array(array.Name)
			if err != nil || a.Names()[k] != array.Name {
				t.Fatalf("archive %d: %v, %q, want %q", i, err, a.Names(), array.Name)
			}
			if got, err := readers[r.DType()](r); err != nil || !bytes.Equal(got, array.Values) {
				t.Errorf("archive %d, %s: % x %v, want % x", i, array.Name, got, err, array.Values)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A wider type gives the same values, a narrower one an error.
func TestConversions(t *testing.T) {
	open := func() *npy.Reader {
		var file bytes.Buffer
		if err := npy.Write(&file, []int{4}, []int32{-1, math.MaxInt32, math.MinInt32, 7}); err != nil {
			t.Fatal(err)
		}
		r, err := npy.NewReader(&file, npy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if got, err := npy.ReadAll[int64](open(), 4); err != nil || !slices.Equal(got, []int64{-1,
		math.MaxInt32, math.MinInt32, 7}) {
		t.Error(got, err)
	}
	if got, err := npy.ReadAll[float64](open(), 4); err != nil || !slices.Equal(got, []float64{-1,
		math.MaxInt32, math.MinInt32, 7}) {
		t.Error(got, err)
	}
	const want = "npy: the array has int32 values, and a Go float32 does not hold all of them; read " +
		"it as float64 or int32 or int64"
	if _, err := npy.ReadAll[float32](open(), 4); err == nil || err.Error() != want {
		t.Error(err)
	}
	for i, err := range []error{errorOf[uint64](open()), errorOf[bool](open()), errorOf[int16](open()),
		errorOf[complex128](open())} {
		if err == nil {
			t.Errorf("case %d was read", i)
		}
	}
	r := open()
	if _, err := npy.ReadAll[int32](r, 3); err == nil {
		t.Error("4 values were read where 3 were allowed")
	}
	if err := errorOf[int32](r); err == nil ||
		err.Error() != "npy: the array was read before; open the file again" {
		t.Error(err)
	}
}

func errorOf[T npy.Element](r *npy.Reader) error {
	_, err := npy.ReadAll[T](r, enough)
	return err
}

func TestStop(t *testing.T) {
	for range 2 {
		var file bytes.Buffer
		if err := npy.Write(&file, []int{2, 1}, []uint8{3, 4}); err != nil {
			t.Fatal(err)
		}
		r, err := npy.NewReader(&file, npy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range npy.Rows[uint8](r) {
			if err != nil || row[0] != 3 {
				t.Error(row, err)
			}
			break
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	var out bytes.Buffer
	for _, shape := range [][]int{{3}, {-1, -2}, {0, 2}, {math.MaxInt, 2}, {2, 1 << 62}} {
		if err := npy.Write(&out, shape, []int8{1, 2}); err == nil || out.Len() > 0 {
			t.Errorf("%v: %v, %d bytes", shape, err, out.Len())
		}
	}
}

// archive makes an npz file.
func archive(tb testing.TB, method uint16, names ...string) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			err = npy.Write(w, []int{3}, []uint8{1, 2, 3})
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
