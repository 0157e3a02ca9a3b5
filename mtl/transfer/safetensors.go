package transfer

import (
	"errors"
	"fmt"
	"io"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl/internal/safetensors"
)

// typeNames are the names of element types in a safetensors file.
var typeNames = map[dtypes.DType]string{
	dtypes.Float64: "F64", dtypes.Float32: "F32", dtypes.Float16: "F16", dtypes.BFloat16: "BF16", dtypes.Bool: "BOOL",
	dtypes.Int64: "I64", dtypes.Int32: "I32", dtypes.Int16: "I16", dtypes.Int8: "I8",
	dtypes.Uint64: "U64", dtypes.Uint32: "U32", dtypes.Uint16: "U16", dtypes.Uint8: "U8",
}

// writeTensors writes a safetensors file.
func writeTensors(w io.Writer, values []named) error {
	var header safetensors.Writer
	for _, n := range values {
		shape := n.value.Shape()
		name, known := typeNames[shape.DType]
		if !known {
			return fmt.Errorf("variable %q is %s, a type that a safetensors file does not have", n.path, shape)
		}
		if err := header.Add(n.path, name, shape.Dimensions, shape.ByteSize()); err != nil {
			return err
		}
	}
	if err := header.WriteHeader(w); err != nil {
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

// readTensors returns the tensors of a safetensors file under the paths, in the order of their bytes.
func readTensors(f *safetensors.File, paths []string) (values []named, err error) {
	for _, name := range f.Names() {
		if !under(name, paths) {
			continue
		}
		t, _ := f.Tensor(name)
		dtype := dtypes.InvalidDType
		for d, typeName := range typeNames {
			if typeName == t.Type {
				dtype = d
			}
		}
		if dtype == dtypes.InvalidDType {
			return nil, fmt.Errorf("tensor %q is of type %s, which no variable has; wanted F32, I64 or the like", name, t.Type)
		}
		data, err := f.Bytes(name)
		if err != nil {
			return nil, err
		}
		value := tensors.FromShape(shapes.Make(dtype, t.Shape...))
		if err := value.MutableBytes(func(to []byte) { copy(to, data) }); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		values = append(values, named{name, value})
	}
	return values, nil
}
