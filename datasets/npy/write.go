package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Write writes values in C order as an npy file of version 1.0, little-endian, the bytes of
// numpy.save. In an npz file it is an entry NAME.npy of a zip file ([archive/zip]).
func Write[T Element](w io.Writer, shape []int, data []T) error {
	dtype := DType(fmt.Sprintf("%T", *new(T)))
	descr := ""
	for kind, d := range kinds {
		if d == dtype {
			descr = "<" + kind
		}
	}
	if strings.HasSuffix(descr, "1") {
		descr = "|" + descr[1:]
	}
	for _, n := range shape {
		if n < 0 {
			return fmt.Errorf("npy: write: the shape %v has a negative length", shape)
		}
	}
	if n, err := values(shape, binary.Size(*new(T))); err != nil || n != len(data) {
		return fmt.Errorf("npy: write: %d values do not fill the shape %v", len(data), shape)
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, tuple(shape))
	if len(shape) > 0 { // NumPy leaves room for a longer first axis
		text += strings.Repeat(" ", max(0, 21-len(fmt.Sprint(shape[0]))))
	}
	const start, align = 10, 64
	text += strings.Repeat(" ", align-1-(start+len(text))%align) + "\n"
	if len(text) > maxHeader {
		return fmt.Errorf("npy: write: the shape %.60v has too many axes", shape)
	}
	b := bufio.NewWriter(w) // keeps its first error for Flush
	head := binary.LittleEndian.AppendUint16([]byte(magic+"\x01\x00"), uint16(len(text)))
	_, _ = b.Write(append(head, text...))
	for len(data) > 0 {
		n := min(len(data), 4096)
		if err := binary.Write(b, binary.LittleEndian, data[:n]); err != nil {
			return fmt.Errorf("npy: write: %w", err)
		}
		data = data[n:]
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("npy: write: %w", err)
	}
	return nil
}

// tuple is a shape as Python writes it.
func tuple(shape []int) string {
	if len(shape) == 1 {
		return fmt.Sprintf("(%d,)", shape[0])
	}
	return "(" + strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ") + ")"
}
