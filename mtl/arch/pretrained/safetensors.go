package pretrained

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/gomlx/compute/dtypes/float16"
)

// File is an open file of tensors in the safetensors format: the length of a header in 8 bytes, a header in JSON with the type, shape and place of each tensor by
// name, and the numbers, all little-endian.
type File struct {
	name    string
	data    io.ReaderAt
	close   func() error
	begin   int64 // where the numbers begin
	tensors map[string]tensorInfo
}

type tensorInfo struct {
	Type    string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// maxHeader is what other readers of the format allow.
const maxHeader = 100_000_000

// numberTypes are the types that Read converts to float32.
var numberTypes = map[string]struct {
	size   int
	number func(b []byte) float32
}{
	"F64":  {8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	"F32":  {4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	"F16":  {2, func(b []byte) float32 { return float16.FromBits(binary.LittleEndian.Uint16(b)).Float32() }},
	"BF16": {2, func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }},
}

// Open reads the header of a file. The file stays open until Close.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("mtl: a file of weights cannot be opened: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mtl: a file of weights cannot be opened: %w", err), file.Close())
	}
	f, err := Read(path, file, info.Size())
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.close = file.Close
	return f, nil
}

// Read reads the header of size bytes of data; errors call it by the name. Close does not close data.
func Read(name string, data io.ReaderAt, size int64) (*File, error) {
	fail := func(format string, args ...any) (*File, error) {
		return nil, fmt.Errorf("mtl: %s is no file in the safetensors format: "+format, append([]any{name}, args...)...)
	}
	var length [8]byte
	if _, err := data.ReadAt(length[:], 0); err != nil {
		return fail("it has %d bytes, too few for a header", size)
	}
	header := binary.LittleEndian.Uint64(length[:])
	if header < 2 || header > maxHeader || int64(header) > size-8 {
		return fail("the header should have %d bytes, of %d in the file", header, size)
	}
	text := make([]byte, header)
	if _, err := data.ReadAt(text, 8); err != nil {
		return fail("the header cannot be read: %w", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return fail("the header is no JSON: %w", err)
	}
	delete(raw, "__metadata__")
	f := &File{name: name, data: data, begin: 8 + int64(header), tensors: map[string]tensorInfo{}}
	for key, value := range raw {
		var t tensorInfo
		if err := json.Unmarshal(value, &t); err != nil {
			return fail("the header of tensor %q cannot be read: %w", key, err)
		}
		if t.Offsets[0] < 0 || t.Offsets[1] < t.Offsets[0] || t.Offsets[1] > size-f.begin {
			return fail("tensor %q is said to lie at bytes %v of %d", key, t.Offsets, size-f.begin)
		}
		if kind, known := numberTypes[t.Type]; known && !fits(t.Shape, (t.Offsets[1]-t.Offsets[0])/int64(kind.size), (t.Offsets[1]-t.Offsets[0])%int64(kind.size)) {
			return fail("tensor %q of type %s and shape %v has %d bytes", key, t.Type, t.Shape, t.Offsets[1]-t.Offsets[0])
		}
		f.tensors[key] = t
	}
	return f, nil
}

// fits tells whether a shape has so many numbers, without an overflow.
func fits(shape []int, numbers, rest int64) bool {
	count := int64(1)
	for _, d := range shape {
		if d < 0 || (d > 0 && count > numbers/int64(d)) {
			return false
		}
		count *= int64(d)
	}
	return count == numbers && rest == 0
}

// Close closes the file.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.tensors)) }

// Shape returns the shape of a tensor, and whether there is one of that name.
func (f *File) Shape(name string) ([]int, bool) {
	t, found := f.tensors[name]
	return slices.Clone(t.Shape), found
}

// Numbers reads a tensor of type F64, F32, F16 or BF16 as float32, the last axis running fastest.
func (f *File) Numbers(name string) ([]float32, error) {
	t, found := f.tensors[name]
	if !found {
		return nil, fmt.Errorf("mtl: %s has no tensor %q: it has %q", f.name, name, f.Names())
	}
	kind, known := numberTypes[t.Type]
	if !known {
		return nil, fmt.Errorf("mtl: tensor %q of %s is of type %s; wanted F64, F32, F16 or BF16", name, f.name, t.Type)
	}
	raw := make([]byte, t.Offsets[1]-t.Offsets[0])
	if _, err := f.data.ReadAt(raw, f.begin+t.Offsets[0]); err != nil && !(errors.Is(err, io.EOF) && len(raw) == 0) {
		return nil, fmt.Errorf("mtl: tensor %q of %s cannot be read: %w", name, f.name, err)
	}
	flat := make([]float32, len(raw)/kind.size)
	for i := range flat {
		flat[i] = kind.number(raw[i*kind.size:])
	}
	return flat, nil
}
