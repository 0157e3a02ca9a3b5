package npy

import (
	"fmt"
	"slices"
	"strings"
)

// decodeFunc appends the values of src, which begins at a byte of the file, to dst.
type decodeFunc[T Element] func(dst []T, src []byte, at int64) ([]T, error)

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

// decoder is the decoder from the type of a file to T.
func decoder[T Element](h header) (decodeFunc[T], error) {
	goType := DType(fmt.Sprintf("%T", *new(T)))
	from := strings.Fields(lossless[goType])
	if h.dtype != goType && !slices.Contains(from, string(h.dtype)) {
		return nil, fmt.Errorf("the array has %s values, and a Go %s does not hold all of them%s",
			h.dtype, goType, offer(h.dtype))
	}
	var decode any
	switch any(*new(T)).(type) {
	case bool:
		decode = bools()
	case int8:
		decode = numbers[int8](h)
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
	case complex64:
		decode = each(h.size, func(b []byte) complex64 { return complex64(complexOf(h, b)) })
	case complex128:
		decode = each(h.size, func(b []byte) complex128 { return complexOf(h, b) })
	}
	return decode.(decodeFunc[T]), nil
}

// each decodes values of size bytes one by one.
func each[T Element](size int, one func(b []byte) T) decodeFunc[T] {
	return func(dst []T, src []byte, _ int64) ([]T, error) {
		dst = slices.Grow(dst, len(src)/size)
		for i := 0; i < len(src); i += size {
			dst = append(dst, one(src[i:i+size]))
		}
		return dst, nil
	}
}

func bools() decodeFunc[bool] {
	return func(dst []bool, src []byte, at int64) ([]bool, error) {
		if err := checkBools(src, at); err != nil {
			return nil, err
		}
		for _, b := range src {
			dst = append(dst, b == 1)
		}
		return dst, nil
	}
}

func checkBools(src []byte, at int64) error {
	if i := slices.IndexFunc(src, func(b byte) bool { return b > 1 }); i >= 0 {
		return fmt.Errorf("byte %d: a bool is %d; wanted 0 or 1", at+int64(i), src[i])
	}
	return nil
}

// real is an element that is an integer or a float.
type real interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// numbers decodes integers and floats.
func numbers[N real](h header) decodeFunc[N] {
	switch {
	case h.dtype == "bool":
		plain := each(1, func(b []byte) N { return N(b[0]) })
		return func(dst []N, src []byte, at int64) ([]N, error) {
			if err := checkBools(src, at); err != nil {
				return nil, err
			}
			return plain(dst, src, at)
		}
	case strings.HasPrefix(string(h.dtype), "float"):
		return each(h.size, func(b []byte) N { return N(float(h.order, b)) })
	case strings.HasPrefix(string(h.dtype), "int"):
		return each(h.size, func(b []byte) N { return N(signed(h.order, b)) })
	}
	return each(h.size, func(b []byte) N { return N(unsigned(h.order, b)) })
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

func complexOf(h header, b []byte) complex128 {
	half := h.size / 2
	return complex(float(h.order, b[:half]), float(h.order, b[half:]))
}
