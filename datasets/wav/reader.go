package wav

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/gomtl/gomtl/datasets/audio"
)

// Options says how a file is read.
type Options struct {
	// Truncated takes the samples that are there where a file ends early.
	Truncated bool
}

// Reader reads one file; it is an audio.Source.
type Reader struct {
	r      *bufio.Reader
	o      Options
	h      header
	at     int64 // the offset of the next sample
	left   int64 // bytes of samples that the header promises; negative to read to the end
	frames int64 // frames that were read
	block  []byte
	err    error
}

var _ audio.Source = (*Reader)(nil)

// NewReader reads the header of r, up to the first sample.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	p := parser{r: bufio.NewReader(r)}
	h, err := p.header()
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	if rest := h.size % int64(h.align); h.size > 0 && rest != 0 {
		if !o.Truncated {
			return nil, fmt.Errorf(
				"wav: the data at byte %d has %d bytes, which is no multiple of a frame's %d", p.at,
				h.size, h.align)
		}
		h.size -= rest
	}
	frames := max(1, 1<<15/h.align)
	return &Reader{r: p.r, o: o, h: h, at: p.at, left: h.size,
		block: make([]byte, frames*h.align)}, nil
}

// Format implements audio.Source.
func (r *Reader) Format() audio.Format {
	return audio.Format{Rate: r.h.rate, Channels: r.h.channels, Bits: r.h.codec.bits,
		Encoding: r.h.codec.name}
}

// Frames implements audio.Source.
func (r *Reader) Frames() int64 {
	if r.h.size < 0 {
		return -1
	}
	return r.h.size / int64(r.h.align)
}

// Read implements audio.Source.
func (r *Reader) Read(dst []float32) (int, error) {
	return read(r, dst, r.floats)
}

// ReadInts implements audio.Source. A-law and mu-law give 16 bits, the values of G.711 times 8 and
// 4.
func (r *Reader) ReadInts(dst []int32) (int, error) {
	if r.h.codec.bits == 0 {
		return 0, fmt.Errorf("wav: the file has %s samples, not integers; use Read", r.h.codec.name)
	}
	return read(r, dst, r.ints)
}

// read fills dst in blocks, each decoded by decode.
func read[T any](r *Reader, dst []T, decode func(dst []T, src []byte) error) (int, error) {
	want := len(dst) / r.h.channels
	if want == 0 && len(dst) > 0 {
		return 0, fmt.Errorf("wav: room for %d samples, a frame has %d", len(dst), r.h.channels)
	}
	for done := 0; ; {
		if done == want {
			return done, nil
		}
		src, err := r.next(want - done)
		n := len(src) / r.h.align
		if n > 0 {
			if bad := decode(dst[done*r.h.channels:(done+n)*r.h.channels], src); bad != nil {
				r.err = bad
				return done, bad
			}
			done += n
			r.frames += int64(n)
		}
		if err != nil && done > 0 && errors.Is(err, io.EOF) {
			return done, nil // io.EOF comes with the next call
		}
		if err != nil {
			return done, err
		}
	}
}

// next returns the bytes of at most n frames. An error comes with the frames before it.
func (r *Reader) next(n int) ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	want := min(n*r.h.align, len(r.block))
	if r.left >= 0 {
		want = int(min(int64(want), r.left))
	}
	if want == 0 {
		r.err = io.EOF
		return nil, io.EOF
	}
	got, err := io.ReadFull(r.r, r.block[:want])
	r.at += int64(got)
	if r.left >= 0 {
		r.left -= int64(got)
	}
	rest := got % r.h.align
	switch {
	case err == nil:
		return r.block[:got], nil
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		r.err = fmt.Errorf("wav: read at byte %d: %w", r.at, err)
	case r.o.Truncated || r.h.size < 0 && rest == 0:
		r.err = io.EOF
	case r.h.size < 0:
		r.err = fmt.Errorf(
			"wav: the file ends at byte %d with %d bytes of a frame, which has %d; Truncated leaves them out", r.at, rest, r.h.align)
	default:
		r.err = fmt.Errorf(
			"wav: the file ends at byte %d, %d bytes early; Truncated takes what is there", r.at,
			r.left)
	}
	return r.block[:got-rest], r.err
}

// ints decodes integers.
func (r *Reader) ints(dst []int32, src []byte) error {
	for i := range dst {
		dst[i] = r.h.codec.integer(r.h.order, src[i*r.h.width:])
	}
	return nil
}

// floats decodes samples of every kind.
func (r *Reader) floats(dst []float32, src []byte) error {
	if r.h.codec.integer != nil {
		scale := 1 / float64(int64(1)<<(r.h.codec.bits-1))
		for i := range dst {
			dst[i] = float32(float64(r.h.codec.integer(r.h.order, src[i*r.h.width:])) * scale)
		}
		return nil
	}
	for i := range dst {
		var v float64
		if r.h.width == 4 {
			v = float64(math.Float32frombits(r.h.order.Uint32(src[4*i:])))
		} else {
			v = math.Float64frombits(r.h.order.Uint64(src[8*i:]))
		}
		if math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
			return fmt.Errorf("wav: channel %d of frame %d is %v, which is no sample",
				i%r.h.channels, r.frames+int64(i/r.h.channels), v)
		}
		dst[i] = float32(v)
	}
	return nil
}
