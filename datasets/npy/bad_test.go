package npy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/npy"
)

// file is an npy file of version 1.0.
func file(header string, values ...byte) []byte {
	out := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	return append(append(out, header...), values...)
}

// good is a file of 3 bytes.
var good = file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", 1, 2, 3)

func header(descr, order, shape string, values ...byte) []byte {
	return file(fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s}", descr, order, shape),
		values...)
}

// bad are broken files and what is said of them.
var bad = []struct {
	want string
	file []byte
}{
	{"the file ends at byte 0, before the header", nil},
	{"the file ends at byte 7, before the header", good[:7]},
	{"the file ends at byte 20, inside the header", good[:20]},
	{"the file ends at byte 11, before the header", []byte("\x93NUMPY\x02\x00\x10\x00\x00")},
	{"byte 0: no npy file: it begins with \"PK\\x03\\x04\\x05\\x06\", wanted \"\\x93NUMPY\"; it is " +
		"a zip file: open it as npz", []byte("PK\x03\x04\x05\x06\x07\x08\x09\x0a")},
	{"it is a Python pickle, which is not read", []byte("\x80\x04\x95\x04\x05\x06\x07\x08\x09\x0a")},
	{"it is compressed by gzip", []byte("\x1f\x8b\x08\x04\x05\x06\x07\x08\x09\x0a")},
	{"it is an HDF5 file", []byte("\x89HDF\r\n\x1a\n\x00\x00")},
	{"byte 6: version 4.0 is not read", append([]byte("\x93NUMPY\x04\x00"), good[8:]...)},
	{"byte 6: version 1.1 is not read", append([]byte("\x93NUMPY\x01\x01"), good[8:]...)},
	{"byte 8: the header has 65535 bytes by its length; at most 10000",
		append([]byte("\x93NUMPY\x01\x00\xff\xff"), good[10:]...)},
	{"byte 8: the header has 4294967295 bytes", append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"),
		good[10:]...)},
	{"byte 10: the header ends; wanted \"{\"", file("")},
	{`byte 10: the header has "[1]"; wanted "{"`, file("[1]")},
	{`byte 16: the header has "}"; wanted ":"`, file("{'a b'}")},
	{`byte 11: the key "a" is unknown`, file("{'a': 1}")},
	{`byte 26: the key "descr" stands twice`, file("{'descr': '<f4','descr': '<f4'}")},
	{`the header has no key "shape"`, file("{'descr': '<f4', 'fortran_order': False}")},
	{`the header has no key "descr"`, file("{}")},
	{`byte 20: the text "\"<f4', 'fortran_orde" has no end`,
		file("{'descr': \"<f4', 'fortran_order': 1")},
	{`the header has "1, 'shape': (3,)}"; wanted "False"`, header("<f4", "1", "(3,)")},
	{`the shape (3) is no tuple; wanted (3,)`, header("|u1", "False", "(3)", 1, 2, 3)},
	{`the header has "-3,)}"; wanted a length`, header("|u1", "False", "(-3,)")},
	{`the header has ".5,)}"; wanted "," or ")"`, header("|u1", "False", "(1.5,)")},
	{`the header has "None}"; wanted "("`, header("|u1", "False", "None")},
	{`the length 99999999999999999999`, header("|u1", "False", "(99999999999999999999,)")},
	{`the length 03`, header("|u1", "False", "(03,)")},
	{`the header has "__import__('os')}"; wanted "("`, header("|u1", "False", "__import__('os')")},
	{`has more values than there can be`, header("<f8", "False", "(4294967296, 4294967296)")},
	{`the shape has more than 64 axes`, header("<f8", "False", "("+strings.Repeat("1,", 65)+")")},
	{`"x" follows the header's dictionary`,
		file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x", 1, 2, 3)},
	{`the header is not text`, file("{'\xff': 1}")},
	{`byte 20: the dtype "|O" is Python objects, which are pickles`, header("|O", "False", "(1,)",
		0x80, 4)},
	{`the array holds structures`,
		file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}")},
	{`the dtype "<q4" is unknown`, header("<q4", "False", "(3,)")},
	{`the dtype "" is too short`, header("", "False", "(3,)")},
	{`the dtype "=f4" has no byte order; wanted '<f4' or '>f4'`, header("=f4", "False", "(3,)")},
	{`the dtype "|f4" has no byte order`, header("|f4", "False", "(3,)")},
	{`the dtype "<f16" is floats that are not 2, 4 or 8 bytes long`, header("<f16", "False", "(3,)")},
	{`the file ends at byte 68, inside the values; the shape [3] needs 3 bytes of them`, good[:68]},
	{"byte 71: bytes follow the values; the shape [3] has 3 bytes of them",
		append(good[:len(good):len(good)], 9)},
	{"bytes follow the values; the shape [0 7] has 0 bytes of them", header("|u1", "False", "(0, 7)",
		1)},
	{"a bool is 2; wanted 0 or 1", header("|b1", "False", "(3,)", 0, 1, 2)},
	{"a bool is 255; wanted 0 or 1", header("|b1", "True", "(1, 1)", 255)},
	{"a row has 2000000 bytes by the header's shape [2 2000000]; at most 1000000 are allowed",
		header("|u1", "False", "(2, 2000000)", 1)},
	{"the array, which is in Fortran order, has 2000000 bytes", header("|u1", "True", "(2000000, 1)",
		1)},
	{"inside the values; the shape [9999999999999] needs 9999999999999 bytes", header("|u1", "False",
		"(9999999999999,)", 1)},
}

// readAny reads a file as the type that it has.
func readAny(r io.Reader, o npy.Options) ([]byte, error) {
	array, err := npy.NewReader(r, o)
	if err != nil {
		return nil, err
	}
	return readers[array.DType()](array)
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range bad {
		_, err := readAny(bytes.NewReader(c.file), npy.Options{MaxBytes: 1000000})
		if err == nil || !strings.HasPrefix(err.Error(), "npy: ") || !strings.Contains(err.Error(),
			c.want) {
			t.Errorf("%.99q: %v; wanted %q", c.file, err, c.want)
		}
	}
	for i, file := range load(t).Refused {
		if _, err := readAny(bytes.NewReader(file), npy.Options{}); err == nil {
			t.Errorf("refused file %d was read", i)
		} else if text := err.Error(); !strings.Contains(text, "save ") {
			t.Errorf("refused file %d: %v does not say what to do", i, err)
		}
	}
}

// Python 2 wrote lengths with an L; quotes, blanks and the order of keys are free.
func TestOtherHeaders(t *testing.T) {
	for _, text := range []string{
		"{'descr': '|u1', 'fortran_order': False, 'shape': (1L, 3L), }",
		`{"shape":(1,3),"descr":"|u1","fortran_order":True}`,
		"{ 'fortran_order' :False ,'descr':'>u1' ,\n'shape': ( 1 , 3 , ) } \t\n",
	} {
		if got, err := readAny(bytes.NewReader(file(text, 1, 2, 3)), npy.Options{}); err != nil ||
			!bytes.Equal(got, []byte{1, 2, 3}) {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, n := range []int{0, 5, 20, 67, 69, 70} {
		fire := errors.New("disk on fire")
		if _, err := readAny(io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(fire)),
			npy.Options{}); !errors.Is(err, fire) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	path := filepath.Join(t.TempDir(), "a.npy")
	if _, err := npy.Open(path, npy.Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if err := os.WriteFile(path, good[:69], 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := npy.Open(path, npy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := readers["uint8"](r); err == nil || !strings.HasPrefix(err.Error(),
		"npy: "+path+": the file ends at byte 69") {
		t.Error(err)
	}
}

func TestArchiveRefuses(t *testing.T) {
	sound := archive(t, zip.Store, "x.npy", "a.txt")
	values := bytes.Index(sound, []byte{'\n', 1, 2, 3}) + 1
	change := func(file []byte, at int, b byte) []byte {
		file = bytes.Clone(file)
		file[at] = b
		return file
	}
	directory := bytes.Index(sound, []byte("PK\x01\x02"))
	for _, c := range []struct {
		want string
		file []byte
	}{
		{"not an npz file", nil},
		{"not an npz file", good},
		{"not an npz file", sound[:len(sound)-30]},
		{"not an npz file", sound[:len(sound)/2]},
		{`no array "x"; there are ["y"]`, archive(t, zip.Store, "y.npy")},
		{`the array "x" stands twice`, archive(t, zip.Store, "x.npy", "x.npy")},
		{`the array "x" stands twice`, archive(t, zip.Store, "x", "x.npy")},
		{`array "x": byte 131: read: zip: checksum error`, change(sound, values, 9)},
		{`array "x": byte 0: no npy file`, change(sound, bytes.Index(sound, []byte("\x93NUMPY")), 'x')},
		{`the array "x" is encrypted`, change(sound, directory+8, 1)},
		{`the array "x" is compressed by method 14`, change(sound, directory+10, 14)},
	} {
		a, err := npy.NewArchive(bytes.NewReader(c.file), int64(len(c.file)), npy.Options{})
		if err == nil {
			var r *npy.Reader
			if r, err = a.Array("x"); err == nil {
				_, err = readers[r.DType()](r)
			}
		}
		if err == nil || !strings.HasPrefix(err.Error(), "npy: ") || !strings.Contains(err.Error(),
			c.want) {
			t.Errorf("%v; wanted %q", err, c.want)
		}
	}
}

// Memory is bounded by what is there, not by what the header claims.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, order := range []string{"False", "True"} {
		if _, err := readAny(bytes.NewReader(header("<f8", order, "(2, 100000000)", 1)),
			npy.Options{MaxBytes: 1 << 40}); err == nil {
			t.Error("a short file was read")
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("%d bytes were taken for two small files", taken)
	}
}

// Whatever is read, written and read again is the same.
func FuzzReader(f *testing.F) {
	for _, c := range bad {
		f.Add(c.file)
	}
	for _, c := range load(f).Files {
		f.Add(c.File)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := npy.NewReader(bytes.NewReader(file), npy.Options{})
		if err != nil {
			return
		}
		d, shape := r.DType(), r.Shape()
		got, err := readers[d](r)
		if err != nil || d == "float16" {
			return
		}
		if len(got) > len(file) {
			t.Fatalf("%d bytes of values in a file of %d", len(got), len(file))
		}
		var out bytes.Buffer
		if err := rewrite(&out, d, shape, file); err != nil {
			t.Fatal(err)
		}
		if again, err := readAny(&out, npy.Options{}); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("% x became % x, %v", got, again, err)
		}
	})
}

func FuzzArchive(f *testing.F) {
	for _, c := range load(f).Archives {
		f.Add(c.File)
	}
	f.Add(archive(f, zip.Deflate, "x.npy", "a.txt", "y.npy"))
	f.Add(archive(f, zip.Store))
	f.Fuzz(func(_ *testing.T, file []byte) {
		a, err := npy.NewArchive(bytes.NewReader(file), int64(len(file)), npy.Options{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		for _, name := range a.Names() {
			if r, err := a.Array(name); err == nil {
				_, _ = readers[r.DType()](r)
				_ = r.Close()
			}
		}
	})
}
