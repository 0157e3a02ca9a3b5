package npy

import (
	"fmt"
	"slices"
	"strings"
)

// decodeFunc converts the values of src, in the machine's order of bytes, into those of dst.
type decodeFunc[T Element] func(dst []T, src []byte)

// lossless names the types of files whose every value a Go type holds, besides its own.
var lossless = map[DType]string{
	"uint8":      "bool",
	"int16":      "int8 uint8",
	"uint16":     "uint8",
	"int32":      "int8 uint8 int16 uint16",
	"uint32":     "uint8 uint16",
	"int64":      "int8 uint8 int16 uint16 int32 uint32",
	"uint64":     "uint8 uint16 uint32",
	"float32":    "float16 int8 uint8 int16 uint16",
	"float64":    "float16 float32 int8 uint8 int16 uint16 int32 uint32",
	"complex128": "complex64",
}

// decoder converts from the type of a file to T; it is nil if they are the same.
func decoder[T Element](h header) (decodeFunc[T], error) {
	goType := DType(fmt.Sprintf("%T", *new(T)))
	if h.dtype == goType {
		return nil, nil
	}
	if !slices.Contains(strings.Fields(lossless[goType]), string(h.dtype)) {
		return nil, fmt.Errorf("the array has %s values, and a Go %s does not hold all of them%s",
			h.dtype, goType, offer(h.dtype))
	}
	var decode any
	switch any(*new(T)).(type) {
	case int16:
		decode = numbers[int16](h)
	case int32:
		decode = numbers[int32](h)
	case int64:
		decode = numbers[int64](h)
	case uint8:
		decode = numbers[uint8](h)
	case uint16:
		decode = numbers[uint16](h)
	case uint32:
		decode = numbers[uint32](h)
	case uint64:
		decode = numbers[uint64](h)
	case float32:
		decode = numbers[float32](h)
	case float64:
		decode = numbers[float64](h)
	case complex128:
		decode = each(h.size, func(b []byte) complex128 {
			return complex(float(b[:4]), float(b[4:]))
		})
	}
	return decode.(decodeFunc[T]), nil
}

// each converts values of size bytes one by one.
func each[T Element](size int, one func(b []byte) T) decodeFunc[T] {
	return func(dst []T, src []byte) {
		for i := range dst {
			dst[i] = one(src[i*size : (i+1)*size])
		}
	}
}

// real is an element that is an integer or a float.
type real interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// numbers converts integers and floats.
func numbers[N real](h header) decodeFunc[N] {
	switch {
	case strings.HasPrefix(string(h.dtype), "float"):
		return each(h.size, func(b []byte) N { return N(float(b)) })
	case strings.HasPrefix(string(h.dtype), "int"):
		return each(h.size, func(b []byte) N { return N(signed(b)) })
	}
	return each(h.size, func(b []byte) N { return N(unsigned(b)) })
}

// offer names the Go types that hold values of type d.
func offer(d DType) string {
	types := []string{}
	if d != "float16" {
		types = append(types, string(d))
	}
	for to, from := range lossless {
		if slices.Contains(strings.Fields(from), string(d)) {
			types = append(types, string(to))
		}
	}
	slices.Sort(types)
	return "; read it as " + strings.Join(types, " or ")
}
