// Package pngfile decodes PNG files without trust in their headers: image/png takes memory for as
// many pixels as a header claims, here they are counted in the data first.
package pngfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
)

// Header is what the first chunk of a file says.
type Header struct {
	Width, Height int64
	// Depth is the number of bits of a sample.
	Depth uint8
	// Kind is the colour type: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
	Kind uint8
}

// bytes is the number of bytes of the pixels, without what filters add.
func (h Header) bytes() int64 {
	samples := map[uint8]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[h.Kind]
	return h.Height * ((h.Width*samples*int64(h.Depth) + 7) / 8)
}

// maxOther is the most bytes of a file that are not its pixels.
const maxOther = 16 << 20

// Palette is the colour type of pixels that are indices.
const Palette = 3

const signature = "\x89PNG\r\n\x1a\n"

// maxPixels is the most pixels of a file, whatever check says.
const maxPixels = 1 << 30

// Decode reads a file. check sees its header before anything else is read.
func Decode(r io.Reader, check func(Header) error) (image.Image, error) {
	head := make([]byte, 33) // the signature and the first chunk
	if n, err := io.ReadFull(r, head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("the file ends after %d bytes", n)
		}
		return nil, fmt.Errorf("byte %d: read: %w", n, err)
	}
	if string(head[:8]) != signature || string(head[12:16]) != "IHDR" {
		return nil, fmt.Errorf("byte 0: it begins with %q, no PNG file", head[:8])
	}
	h := Header{Width: int64(binary.BigEndian.Uint32(head[16:])),
		Height: int64(binary.BigEndian.Uint32(head[20:])), Depth: head[24], Kind: head[25]}
	if err := check(h); err != nil {
		return nil, err
	}
	if h.Height > 0 && h.Width > maxPixels/h.Height {
		return nil, fmt.Errorf("byte 16: it has %d x %d pixels by its header", h.Height, h.Width)
	}
	most := 4*h.bytes() + maxOther
	rest, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("byte %d: read: %w", len(head)+len(rest), err)
	}
	if int64(len(rest)) > most {
		return nil, fmt.Errorf("the file has more than %d bytes, for %d x %d pixels", most, h.Height,
			h.Width)
	}
	if err := count(h, rest); err != nil {
		return nil, err
	}
	return png.Decode(io.MultiReader(bytes.NewReader(head), bytes.NewReader(rest)))
}

// count tests that the chunks hold the pixels of the header.
func count(h Header, chunks []byte) error {
	want := h.bytes()
	var data []io.Reader
	for len(chunks) >= 12 {
		size := int64(binary.BigEndian.Uint32(chunks))
		content := chunks[8:]
		if size > int64(len(content)-4) {
			if string(chunks[4:8]) == "IDAT" {
				data = append(data, bytes.NewReader(content))
			}
			break // image/png says what is wrong
		}
		if string(chunks[4:8]) == "IDAT" {
			data = append(data, bytes.NewReader(content[:size]))
		}
		chunks = content[size+4:]
	}
	var n int64
	z, err := zlib.NewReader(io.MultiReader(data...))
	if err == nil {
		n, err = io.CopyN(io.Discard, z, want)
	}
	switch {
	case n == want && (err == nil || want == 0):
		return nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the pixels end after %d bytes; %d x %d have %d", n, h.Height, h.Width, want)
	}
	return fmt.Errorf("the pixels after %d bytes: %w", n, err)
}
