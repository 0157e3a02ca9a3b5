package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"unsafe"
)

// blockBytes is what is read at a time where values are converted, or where it is not known how
// many there are.
const blockBytes = 1 << 16

// valueReader reads values one after the other.
type valueReader[T Element] struct {
	r      *Reader
	decode decodeFunc[T] // nil if the file has T's own type
	block  []byte
}

func newValueReader[T Element](r *Reader) (*valueReader[T], error) {
	decode, err := decoder[T](r.h)
	if err != nil {
		return nil, err
	}
	v := &valueReader[T]{r: r, decode: decode}
	if decode != nil {
		v.block = make([]byte, blockBytes)
	}
	return v, nil
}

// next returns the next n values in the memory of dst, which grows with what is there.
func (v *valueReader[T]) next(dst []T, n int) ([]T, error) {
	dst = dst[:0]
	for len(dst) < n {
		have := len(dst)
		there := int((v.r.size - v.r.at) / int64(v.r.h.size))
		end := min(n, have+max(blockBytes/v.r.h.size, have, there))
		if end > cap(dst) {
			dst = append(make([]T, 0, end), dst...)
		}
		dst = dst[:end]
		if err := v.fill(dst[have:]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// fill reads as many values as dst has.
func (v *valueReader[T]) fill(dst []T) error {
	if v.decode == nil {
		return v.r.read(memory(dst))
	}
	for size := v.r.h.size; len(dst) > 0; {
		n := min(len(dst), blockBytes/size)
		block := v.block[:n*size]
		if err := v.r.read(block); err != nil {
			return err
		}
		v.decode(dst[:n], block)
		dst = dst[n:]
	}
	return nil
}

// memory is the memory of values, which no pointer is in.
func memory[T Element](values []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))),
		len(values)*int(unsafe.Sizeof(*new(T))))
}

// read reads the bytes of whole values, and puts them into the machine's own order.
func (r *Reader) read(b []byte) error {
	start := r.at
	n, err := io.ReadFull(r.r, b)
	if r.at += int64(n); n < len(b) {
		return unexpected(err, r.at,
			fmt.Sprintf("inside the values; the shape %v needs %d bytes of them", r.h.shape, r.need()))
	}
	if r.h.dtype == "bool" {
		if i := slices.IndexFunc(b, func(b byte) bool { return b > 1 }); i >= 0 {
			return fmt.Errorf("byte %d: a bool is %d; wanted 0 or 1", start+int64(i), b[i])
		}
	}
	if probe := []byte{1, 0}; r.h.order.Uint16(probe) != binary.NativeEndian.Uint16(probe) {
		reverse(b, r.h.numberBytes())
	}
	return nil
}

// reverse turns around the bytes of each number of 1, 2, 4 or 8 bytes.
func reverse(b []byte, width int) {
	native := binary.NativeEndian
	for ; width > 1 && len(b) > 0; b = b[width:] {
		switch width {
		case 2:
			native.PutUint16(b, bits.ReverseBytes16(native.Uint16(b)))
		case 4:
			native.PutUint32(b, bits.ReverseBytes32(native.Uint32(b)))
		case 8:
			native.PutUint64(b, bits.ReverseBytes64(native.Uint64(b)))
		}
	}
}
