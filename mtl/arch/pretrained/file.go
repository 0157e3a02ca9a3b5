package pretrained

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomtl/gomtl/mtl/internal/safetensors"
)

// File is an open file of tensors in the safetensors format.
type File struct {
	name    string // as errors call it
	path    string // of the file on the disk, where it is one
	tensors *safetensors.File
}

// numberTypes are the types that Numbers converts to float32.
var numberTypes = map[string]struct {
	size   int
	number func(b []byte) float32
}{
	"F64":  {8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	"F32":  {4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	"F16":  {2, func(b []byte) float32 { return float16.FromBits(binary.LittleEndian.Uint16(b)).Float32() }},
	"BF16": {2, func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }},
}

// Open reads the header of a file and checks that its tensors fill the file, one after the other. The
// file stays open until Close. A file config.json in the same folder says how the weights are used:
// Load compares the trunk with it.
func Open(path string) (*File, error) {
	tensors, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("mtl: %s cannot be read as a safetensors file: %w", path, err)
	}
	return &File{name: path, path: path, tensors: tensors}, nil
}

// Read reads the header of size bytes of data; errors call it by the name. Close does not close data.
func Read(name string, data io.ReaderAt, size int64) (*File, error) {
	tensors, err := safetensors.Read(data, size)
	if err != nil {
		return nil, fmt.Errorf("mtl: %s cannot be read as a safetensors file: %w", name, err)
	}
	return &File{name: name, tensors: tensors}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.tensors.Close() }

// Names lists the tensors, sorted.
func (f *File) Names() []string {
	names := f.tensors.Names()
	slices.Sort(names)
	return names
}

// Shape returns the shape of a tensor, and whether there is one of that name.
func (f *File) Shape(name string) ([]int, bool) {
	t, found := f.tensors.Tensor(name)
	return slices.Clone(t.Shape), found
}

// Numbers reads a tensor of type F64, F32, F16 or BF16 as float32, the last axis running fastest.
func (f *File) Numbers(name string) ([]float32, error) {
	t, found := f.tensors.Tensor(name)
	if !found {
		return nil, fmt.Errorf("mtl: %s has no tensor %q: it has %q", f.name, name, f.Names())
	}
	kind, known := numberTypes[t.Type]
	if !known {
		return nil, fmt.Errorf("mtl: tensor %q of %s is of type %s; wanted F64, F32, F16 or BF16", name, f.name, t.Type)
	}
	raw, err := f.tensors.Bytes(name)
	if err != nil {
		return nil, fmt.Errorf("mtl: %s cannot be read: %w", f.name, err)
	}
	flat := make([]float32, len(raw)/kind.size)
	for i := range flat {
		flat[i] = kind.number(raw[i*kind.size:])
	}
	return flat, nil
}
