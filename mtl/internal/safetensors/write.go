package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Writer writes a file. Add every tensor, then call WriteHeader, then write the values to the same
// place in the order in which the tensors were added.
type Writer struct {
	header map[string]described
	at     int64
}

// described is a tensor in a header.
type described struct {
	Type    string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Add gives the next place to a tensor.
func (w *Writer) Add(name, dtype string, shape []int, size int64) error {
	t := Tensor{Type: dtype, Shape: append([]int{}, shape...), Begin: w.at, End: w.at + size}
	if _, known := bits[dtype]; !known {
		return fmt.Errorf("tensor %q: %q is no dtype of a safetensors file", name, dtype)
	}
	if _, twice := w.header[name]; twice || name == "__metadata__" || !utf8.ValidString(name) {
		return fmt.Errorf("tensor %q: wanted another name, one in UTF-8 that is not taken", name)
	}
	if err := t.fits(); err != nil {
		return fmt.Errorf("tensor %q: %w", name, err)
	}
	if w.header == nil {
		w.header = map[string]described{}
	}
	w.header[name] = described{t.Type, t.Shape, [2]int64{t.Begin, t.End}}
	w.at = t.End
	return nil
}

// WriteHeader writes all that comes before the values.
func (w *Writer) WriteHeader(to io.Writer) error {
	text := []byte("{}")
	if w.header != nil {
		var err error
		if text, err = json.Marshal(w.header); err != nil {
			return err
		}
	}
	for len(text)%8 != 0 { // so that values are aligned
		text = append(text, ' ')
	}
	_, err := to.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...))
	return err
}
