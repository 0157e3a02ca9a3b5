package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/internal/safetensors"
)

// reference is what testdata/reference.py found out about the format's own library.
type reference struct {
	Cases []struct {
		Name, Length, Header string
		Values               int
		Taken                bool
	}
	Saved string // a file that the library wrote
}

func readReference(t testing.TB) (r reference) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "reference.json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func file(length uint64, header string, values int) []byte {
	raw := append(binary.LittleEndian.AppendUint64(nil, length), header...)
	return append(raw, make([]byte, values)...)
}

func read(raw []byte) (*safetensors.File, error) {
	return safetensors.Read(bytes.NewReader(raw), int64(len(raw)))
}

// The reader takes what the format's own library takes, with two exceptions: a name that is there
// twice, and an axis that no int can hold.
func TestTakesWhatTheReferenceTakes(t *testing.T) {
	stricter := []string{"twice the same name and place", "axis of 2^63 after a zero"}
	taken := 0
	for _, c := range readReference(t).Cases {
		length, err := strconv.ParseUint(c.Length, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		want := c.Taken && !slices.Contains(stricter, c.Name)
		if _, err := read(file(length, c.Header, c.Values)); (err == nil) != want {
			t.Errorf("%s: error %v; the reference takes it: %v", c.Name, err, c.Taken)
		}
		if want {
			taken++
		}
	}
	if taken < 20 {
		t.Errorf("%d files were taken; wanted the good ones", taken)
	}
}

// An error names the tensor, what was wanted and what was got.
func TestErrorsNameTheTensor(t *testing.T) {
	for header, want := range map[string][]string{
		`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`:                                                      {`"a"`, "[2] of F32", "wanted 8 bytes, got 4"},
		`{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`:                                                      {`"a"`, `unknown dtype "F31"`},
		`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`:                                                     {`"a"`, "shape [-1]", "0 or more"},
		`{"a":{"dtype":"F32","shape":[4611686018427387908],"data_offsets":[0,4]}}`:                                    {`"a"`, "[4611686018427387908]", "overflows"},
		`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`:                                                      {`"a"`, "up to 8", "with 4", "cut off"},
		`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`:                                                      {`"a"`, "end at byte 0", "has 4"},
		`{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}`:   {`"b"`, `after "a"`, "byte 3", "byte 2", "overlap"},
		`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}`:   {`"b"`, `after "a"`, "byte 1", "byte 2", "hole"},
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`: {`"a"`, "twice"},
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[1]}}`:                                          {`"a"`, `"shape"`, "twice"},
		`{"a":{"shape":[1],"data_offsets":[0,4]}}`:                                                                    {`"a"`, "wanted a field dtype, got none"},
		`{"__metadata__":{"x":[]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`:                              {"__metadata__", `"x"`, "texts"},
		"{\"\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}":                                         {"UTF-8"},
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}x`:                                                     {"more follows"},
		`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,4]}}`:                                                       {`"a"`, "12 bits"},
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`:                                                      {`"a"`, "[4 0]"},
	} {
		_, err := read(file(uint64(len(header)), header, 4))
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %v; wanted %q", header, err, part)
			}
		}
	}
	for raw, want := range map[string]string{
		"\x01\x02":                           "2 bytes; wanted 8",
		"\xff\xff\xff\xff\xff\xff\xff\xff{}": "18446744073709551615 bytes, of 10 in the file; wanted at most 2",
	} {
		if _, err := read([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v; wanted %q", raw, err, want)
		}
	}
	if _, err := safetensors.Open(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("error %v", err)
	}
}

// A size that is not true takes no memory, and is an error.
func TestReadOfALyingSize(t *testing.T) {
	raw := file(90_000_000, "{}", 0)
	allocated := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			if _, err := safetensors.Read(bytes.NewReader(raw), 1<<40); err == nil {
				b.Fatal("no error")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 1<<20 {
		t.Errorf("%d bytes were taken for a file of %d", allocated, len(raw))
	}
	header := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	cut := file(uint64(len(header)), header, 0)
	f, err := safetensors.Read(bytes.NewReader(cut), int64(len(cut))+4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Bytes("a"); err == nil || !strings.Contains(err.Error(), `"a": wanted 4 bytes, got 0`) {
		t.Errorf("error %v", err)
	}
}

// A file of the format's own library has what was saved, and the writer makes one like it.
func TestFileOfTheReference(t *testing.T) {
	raw, err := hex.DecodeString(readReference(t).Saved)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "saved")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var w safetensors.Writer
	var values bytes.Buffer
	for _, name := range f.Names() {
		tensor, _ := f.Tensor(name)
		data, err := f.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		values.Write(data)
		if err := w.Add(name, tensor.Type, tensor.Shape, int64(len(data))); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ones, _ := f.Tensor("i")
	wide, _ := f.Tensor("w")
	scalar, found := f.Tensor("b")
	if ones.Type != "I64" || !slices.Equal(wide.Shape, []int{2, 3}) || !found || len(scalar.Shape) != 0 {
		t.Errorf("i %+v, w %+v, b %+v", ones, wide, scalar)
	}
	if !slices.Equal(f.Names(), []string{"i", "w", "b"}) {
		t.Errorf("names %q; wanted those of the largest values first, as the library orders them", f.Names())
	}
	var again bytes.Buffer
	if err := w.WriteHeader(&again); err != nil {
		t.Fatal(err)
	}
	again.Write(values.Bytes())
	g, err := read(again.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.Names() {
		was, _ := f.Tensor(name)
		is, _ := g.Tensor(name)
		if was.Type != is.Type || !slices.Equal(was.Shape, is.Shape) || was.Begin != is.Begin {
			t.Errorf("%s was %+v and is %+v", name, was, is)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	var w safetensors.Writer
	if err := w.Add("a", "F32", []int{2}, 8); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dtype string
		shape       []int
		want        string
	}{
		{"a", "F32", []int{2}, "another name"},
		{"__metadata__", "F32", []int{2}, "another name"},
		{"\xff", "F32", []int{2}, "another name"},
		{"b", "C128", []int{2}, "no dtype"},
		{"b", "F32", []int{3}, "wanted 12 bytes, got 8"},
	} {
		if err := w.Add(c.name, c.dtype, c.shape, 8); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v", c, err)
		}
	}
	var empty safetensors.Writer
	var out bytes.Buffer
	if err := empty.WriteHeader(&out); err != nil {
		t.Fatal(err)
	}
	if f, err := read(out.Bytes()); err != nil || len(f.Names()) != 0 {
		t.Errorf("a file without tensors: %v, %v", f, err)
	}
}

// Whatever the bytes are, the reader ends, and what it takes has the bytes that its shape says.
func FuzzRead(f *testing.F) {
	for _, c := range readReference(f).Cases {
		length, err := strconv.ParseUint(c.Length, 10, 64)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file(length, c.Header, c.Values))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := read(raw)
		if err != nil {
			return
		}
		total := 0
		for _, name := range got.Names() {
			data, err := got.Bytes(name)
			if err != nil {
				t.Fatal(err)
			}
			total += len(data)
			var w safetensors.Writer
			tensor, _ := got.Tensor(name)
			if err := w.Add(name, tensor.Type, tensor.Shape, int64(len(data))); err != nil {
				t.Fatalf("read but not written: %v", err)
			}
		}
		if header := binary.LittleEndian.Uint64(raw); total != len(raw)-8-int(header) {
			t.Fatalf("%d bytes in tensors, of %d in a file with a header of %d", total, len(raw), header)
		}
	})
}
