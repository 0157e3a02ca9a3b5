package npy

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// DType is the type of an array's values: one of numpy's names such as "bool", "uint8", "float16",
// "complex64".
type DType string

// kinds are the types that are read, by kind and bytes as a header writes them.
var kinds = map[string]DType{
	"b1": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8",
	"u2": "uint16", "u4": "uint32", "u8": "uint64",
	"f2": "float16", "f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128",
}

// refused are kinds that are not read, and why.
var refused = map[byte]string{
	'O': "Python objects, which are pickles: reading one can run any program; save the array with a " +
		"numeric dtype",
	'V': "raw bytes or a structure; save each field as a separate array",
	'S': "byte strings; save indices, or a text file",
	'a': "byte strings; save indices, or a text file",
	'U': "texts; save indices, or a text file",
	'M': "dates; save x.astype('int64')",
	'm': "time spans; save x.astype('int64')",
	'f': "floats that are not 2, 4 or 8 bytes long; save x.astype('float64')",
	'c': "complex numbers that are not 8 or 16 bytes long; save x.astype('complex128')",
}

// parseDType reads a text such as "<f8".
func parseDType(text string) (d DType, size int, order binary.ByteOrder, err error) {
	if len(text) < 2 {
		return "", 0, nil, fmt.Errorf("the dtype %q is too short; wanted one such as '<f4'", text)
	}
	d, known := kinds[text[1:]]
	if why, is := refused[text[1]]; !known && is {
		return "", 0, nil, fmt.Errorf("the dtype %q is %s", text, why)
	}
	if !known {
		return "", 0, nil, fmt.Errorf("the dtype %q is unknown; wanted one such as '<f4'", text)
	}
	size, _ = strconv.Atoi(text[2:])
	switch {
	case text[0] == '<', text[0] == '|' && size == 1:
		return d, size, binary.LittleEndian, nil
	case text[0] == '>':
		return d, size, binary.BigEndian, nil
	}
	return "", 0, nil, fmt.Errorf("the dtype %q has no byte order; wanted '<%s' or '>%s'", text,
		text[1:], text[1:])
}

// Element is a Go type that values can be read as.
type Element interface {
	real | bool | complex64 | complex128
}

// unsigned decodes an unsigned integer of len(b) bytes.
func unsigned(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	}
	return binary.NativeEndian.Uint64(b)
}

// signed decodes a signed integer of len(b) bytes.
func signed(b []byte) int64 {
	unused := 64 - 8*len(b)
	return int64(unsigned(b)<<unused) >> unused
}

// float decodes a float of len(b) bytes.
func float(b []byte) float64 {
	switch len(b) {
	case 2:
		return half(binary.NativeEndian.Uint16(b))
	case 4:
		return float64(math.Float32frombits(binary.NativeEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.NativeEndian.Uint64(b))
}

// half is the value of an IEEE 754 float of 16 bits.
func half(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	var value float64
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		value = math.Inf(1)
	case exponent == 0:
		value = math.Ldexp(fraction, -24)
	default:
		value = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits&0x8000 != 0 {
		return -value
	}
	return value
}
