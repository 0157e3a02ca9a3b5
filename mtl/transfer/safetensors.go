package transfer

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// typeNames are the names of element types in a safetensors file.
var typeNames = map[dtypes.DType]string{
	dtypes.Float64: "F64", dtypes.Float32: "F32", dtypes.Float16: "F16", dtypes.BFloat16: "BF16", dtypes.Bool: "BOOL",
	dtypes.Int64: "I64", dtypes.Int32: "I32", dtypes.Int16: "I16", dtypes.Int8: "I8",
	dtypes.Uint64: "U64", dtypes.Uint32: "U32", dtypes.Uint16: "U16", dtypes.Uint8: "U8",
}

// entry describes one tensor in the header of a safetensors file.
type entry struct {
	Type  string `json:"dtype"`
	Shape []int  `json:"shape"`
	// Offsets of its bytes after the header: the first, and the one after the last.
	Offsets [2]int `json:"data_offsets"`
}

// writeTensors writes a safetensors file: the length of the header in 8 bytes, the header as JSON, the values in little-endian order.
func writeTensors(w io.Writer, values []named) error {
	header := map[string]entry{}
	at := 0
	for _, n := range values {
		shape := n.value.Shape()
		name, known := typeNames[shape.DType]
		if !known {
			return fmt.Errorf("variable %q is %s, a type that a safetensors file does not have", n.path, shape)
		}
		size := int(shape.ByteSize())
		header[n.path] = entry{Type: name, Shape: append([]int{}, shape.Dimensions...), Offsets: [2]int{at, at + size}}
		at += size
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(text)%8 != 0 { // so that values are aligned
		text = append(text, ' ')
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)); err != nil {
		return err
	}
	for _, n := range values {
		var written error
		err := n.value.ConstBytes(func(data []byte) { _, written = w.Write(data) })
		if err = errors.Join(err, written); err != nil {
			return err
		}
	}
	return nil
}

// readTensors returns the tensors of a safetensors file, in the order of their bytes.
func readTensors(data []byte) (values []named, err error) {
	const prefix = 8
	if len(data) < prefix || binary.LittleEndian.Uint64(data) > uint64(len(data)-prefix) {
		return nil, fmt.Errorf("%d bytes are too few for its header: it was cut off or is something else", len(data))
	}
	size := int(binary.LittleEndian.Uint64(data))
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data[prefix:prefix+size], &raw); err != nil {
		return nil, fmt.Errorf("its header is no JSON: %w", err)
	}
	data = data[prefix+size:]
	header := map[string]entry{}
	var names []string
	for name, text := range raw {
		var e entry
		if name == "__metadata__" {
			continue
		}
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, fmt.Errorf("its header has no entry for %q: %w", name, err)
		}
		header[name], names = e, append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(header[a].Offsets[0], header[b].Offsets[0]), cmp.Compare(a, b))
	})
	for _, name := range names {
		value, err := header[name].tensor(data)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		values = append(values, named{name, value})
	}
	return values, nil
}

// tensor copies the entry's values out of the bytes after the header.
func (e entry) tensor(data []byte) (*tensors.Tensor, error) {
	dtype := dtypes.InvalidDType
	for d, name := range typeNames {
		if name == e.Type {
			dtype = d
		}
	}
	if dtype == dtypes.InvalidDType || slices.ContainsFunc(e.Shape, func(d int) bool { return d < 0 }) {
		return nil, fmt.Errorf("%s%v is no type and shape that is known here", e.Type, e.Shape)
	}
	shape := shapes.Make(dtype, e.Shape...)
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin < 0 || end < begin || end > len(data) || int64(end-begin) != shape.ByteSize() {
		return nil, fmt.Errorf("bytes %d to %d of %d cannot hold %s: the file was cut off or changed", begin, end, len(data), shape)
	}
	value := tensors.FromShape(shape)
	return value, value.MutableBytes(func(to []byte) { copy(to, data[begin:end]) })
}
