// Package safetensors reads and writes files in the safetensors format: the length of a header in
// 8 bytes, a header in JSON with the type, shape and place of each tensor by name, and the values,
// all little-endian. What the format's own library refuses is refused here too.
package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Tensor is what a header says of one tensor. Its bytes are those from Begin to End of the values.
type Tensor struct {
	Type       string // "F32", "I64", ...
	Shape      []int
	Begin, End int64
}

// File is an open file whose header was checked.
type File struct {
	data    io.ReaderAt
	close   func() error
	values  int64 // where the values begin
	tensors map[string]Tensor
}

const (
	prefix = 8 // bytes of the header's length
	// maxHeader is the longest header that the format allows.
	maxHeader = 100_000_000
)

// Open reads and checks the header of a file, which stays open until Close.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f, err := Read(file, info.Size())
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.close = file.Close
	return f, nil
}

// Read reads and checks the header of size bytes of data. Close does not close data.
func Read(data io.ReaderAt, size int64) (*File, error) {
	var length [prefix]byte
	if n, err := data.ReadAt(length[:], 0); n < prefix {
		return nil, fmt.Errorf("the file has %d bytes; wanted %d for the length of its header: %w",
			size, prefix, err)
	}
	header := binary.LittleEndian.Uint64(length[:])
	if header < 2 || header > maxHeader || int64(header) > size-prefix {
		return nil, fmt.Errorf("the header should have %d bytes, of %d in the file; wanted at most %d",
			header, size, min(maxHeader, max(0, size-prefix)))
	}
	// The bytes are taken as they come: a size that is not true takes no memory.
	text, err := io.ReadAll(io.NewSectionReader(data, prefix, int64(header)))
	if err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	tensors, err := parse(text)
	if err != nil {
		return nil, err
	}
	f := &File{data: data, values: prefix + int64(header), tensors: tensors}
	return f, f.check(size - f.values)
}

// Close closes the file that Open opened.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Names lists the tensors in the order of their bytes.
func (f *File) Names() []string {
	return slices.SortedFunc(maps.Keys(f.tensors), func(a, b string) int {
		x, y := f.tensors[a], f.tensors[b]
		return cmp.Or(cmp.Compare(x.Begin, y.Begin), cmp.Compare(x.End, y.End), cmp.Compare(a, b))
	})
}

// Tensor returns what the header says of a tensor, and whether it names it.
func (f *File) Tensor(name string) (Tensor, bool) {
	t, found := f.tensors[name]
	return t, found
}

// Bytes reads the values of a tensor that the file has.
func (f *File) Bytes(name string) ([]byte, error) {
	t := f.tensors[name]
	raw, err := io.ReadAll(io.NewSectionReader(f.data, f.values+t.Begin, t.End-t.Begin))
	if err == nil && int64(len(raw)) != t.End-t.Begin {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("tensor %q: wanted %d bytes, got %d: %w", name, t.End-t.Begin, len(raw), err)
	}
	return raw, nil
}
