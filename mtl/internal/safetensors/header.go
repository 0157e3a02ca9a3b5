package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// bits of a value of each type of the format.
var bits = map[string]int64{
	"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8,
	"F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
	"C64": 64, "F64": 64, "I64": 64, "U64": 64,
}

// parse reads a header. It checks each tensor alone; check looks at where they lie.
func parse(text []byte) (map[string]Tensor, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the header is no UTF-8")
	}
	fields, err := object(text)
	if err != nil {
		return nil, fmt.Errorf("the header is no JSON object: %w", err)
	}
	tensors := map[string]Tensor{}
	for name, value := range fields {
		if name == "__metadata__" {
			if err := checkMetadata(value); err != nil {
				return nil, err
			}
			continue
		}
		t, err := parseTensor(value)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors[name] = t
	}
	return tensors, nil
}

// object returns the fields of a JSON object as they are written, and refuses two of one name.
func object(text []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	switch start, err := decoder.Token(); {
	case err != nil:
		return nil, orEOF(err)
	case start != json.Delim('{'):
		return nil, fmt.Errorf("wanted {, got %v", start)
	}
	fields := map[string]json.RawMessage{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, orEOF(err)
		}
		name := key.(string) // the decoder lets nothing else stand there
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%q is there twice; wanted each name once", name)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("%q: %w", name, orEOF(err))
		}
		fields[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, orEOF(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows after the closing }")
	}
	return fields, nil
}

// orEOF says that the end of a text came too soon.
func orEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkMetadata refuses a __metadata__ that is not null or an object of texts.
func checkMetadata(value json.RawMessage) error {
	if string(value) == "null" {
		return nil
	}
	fields, err := object(value)
	for name, field := range fields {
		if field[0] != '"' {
			err = errors.Join(err, fmt.Errorf("%q is %s", name, field))
		}
	}
	if err != nil {
		return fmt.Errorf("__metadata__: wanted an object of texts: %w", err)
	}
	return nil
}

// parseTensor reads what a header says of one tensor.
func parseTensor(value json.RawMessage) (Tensor, error) {
	var t Tensor
	fields, err := object(value)
	if err != nil {
		return t, fmt.Errorf("wanted an object with dtype, shape and data_offsets: %w", err)
	}
	var shape, offsets []int64
	for _, f := range []struct {
		name string
		into any
	}{{"dtype", &t.Type}, {"shape", &shape}, {"data_offsets", &offsets}} {
		field, found := fields[f.name]
		if !found || string(field) == "null" {
			return t, fmt.Errorf("wanted a field %s, got none", f.name)
		}
		if err := json.Unmarshal(field, f.into); err != nil || bytes.Contains(field, []byte("null")) {
			return t, fmt.Errorf("%s %s: wanted whole numbers below 2^63, or a text for the dtype", f.name, field)
		}
	}
	if _, known := bits[t.Type]; !known {
		return t, fmt.Errorf("unknown dtype %q; wanted one such as F32", t.Type)
	}
	if len(offsets) != 2 || offsets[0] < 0 || offsets[1] < offsets[0] {
		return t, fmt.Errorf("data_offsets %v: wanted the first byte and the one after the last", offsets)
	}
	t.Begin, t.End, t.Shape = offsets[0], offsets[1], make([]int, len(shape))
	for axis, d := range shape {
		if t.Shape[axis] = int(d); d < 0 || int64(int(d)) != d {
			return t, fmt.Errorf("shape %v: wanted axes of 0 or more", shape)
		}
	}
	return t, t.fits()
}

// fits refuses a tensor whose type and shape do not go with the number of its bytes.
func (t Tensor) fits() error {
	count := bits[t.Type]
	for _, d := range t.Shape {
		if d > 0 && count > math.MaxInt64/int64(d) {
			return fmt.Errorf("shape %v of %s: the number of bytes overflows", t.Shape, t.Type)
		}
		count *= int64(d)
	}
	if count%8 != 0 {
		return fmt.Errorf("shape %v of %s: wanted whole bytes, got %d bits", t.Shape, t.Type, count)
	}
	if got := t.End - t.Begin; got != count/8 {
		return fmt.Errorf("shape %v of %s: wanted %d bytes, got %d", t.Shape, t.Type, count/8, got)
	}
	return nil
}

// check refuses tensors that overlap, leave a hole or do not fill the size bytes of values.
func (f *File) check(size int64) error {
	at, before := int64(0), "the header"
	for _, name := range f.Names() {
		t := f.tensors[name]
		switch {
		case t.Begin < at:
			return fmt.Errorf("tensor %q: wanted to begin at byte %d, after %s, got byte %d: the two overlap",
				name, at, before, t.Begin)
		case t.Begin > at:
			return fmt.Errorf("tensor %q: wanted to begin at byte %d, after %s, got byte %d: there is a hole",
				name, at, before, t.Begin)
		case t.End > size:
			return fmt.Errorf("tensor %q: wanted bytes up to %d, got a file with %d: it was cut off",
				name, t.End, size)
		}
		at, before = t.End, fmt.Sprintf("%q", name)
	}
	if at != size {
		return fmt.Errorf("the tensors end at byte %d, after %s, but the file has %d: wanted nothing after them",
			at, before, size)
	}
	return nil
}
