// Package flac reads FLAC files (RFC 9639), in parts and in bounded memory, with
// github.com/mewkiz/flac.
//
// What that library leaves to the caller is done here: frames that leave their size of samples to
// the header, the number of samples, and the MD5 sum of all, which the header has and which is
// checked at the end of the file.
//
//   - A file that ends early is an error; with [Options].Truncated the whole frames that are there
//     are taken.
//   - Samples of 4 to 24 bits are read, 32 are refused by name; so is FLAC inside Ogg. An ID3 tag
//     before the file is skipped.
//   - A few bytes can hold a long silence: bound what is read by audio.ReadAll's limit, not by the
//     size of the file.
//   - For files of 24,000 and 176,400 frames a second the library writes a line to the standard
//     logger for each frame.
package flac

import (
	"bufio"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
)

// Options says how a file is read.
type Options struct {
	// Truncated takes the whole frames that are there where a file ends early.
	Truncated bool
}

// Reader reads one file; it is an audio.Source.
type Reader struct {
	in     *bytesRead
	o      Options
	stream *flac.Stream
	format audio.Format
	sum    hash.Hash // MD5 of the samples so far
	all    []int32   // interleaved samples of the newest FLAC frame
	block  []int32   // those of them that were not handed out
	frames uint64    // that were decoded
	buf    []byte
	err    error
}

var _ audio.Source = (*Reader)(nil)

// bytesRead counts what is taken from a buffered reader.
type bytesRead struct {
	from     io.Reader
	n        int64
	buffered *bufio.Reader
}

func (b *bytesRead) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.n += int64(n)
	return n, err
}

// at is the offset of the next byte.
func (b *bytesRead) at() int64 { return b.n - int64(b.buffered.Buffered()) }

// NewReader reads the header of r, up to the first sample.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	in := &bytesRead{from: r}
	in.buffered = bufio.NewReader(in)
	start, err := in.buffered.Peek(4)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("flac: read: %w", err)
	case len(start) == 0:
		return nil, errors.New("flac: the file is empty")
	case string(start) == "OggS":
		return nil, errors.New("flac: this is an Ogg file; FLAC inside Ogg is not read")
	case string(start) != "fLaC" && string(start[:min(3, len(start))]) != "ID3":
		return nil, fmt.Errorf("flac: a FLAC file starts with fLaC, this one with %q", start)
	}
	stream, err := open(in.buffered)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("flac: the file ends at byte %d, inside the metadata", in.at())
	}
	if err != nil {
		return nil, fmt.Errorf("flac: metadata, before byte %d: %w", in.at(), err)
	}
	info := stream.Info
	if info.BitsPerSample > 24 || info.BitsPerSample < 4 {
		return nil, fmt.Errorf("flac: samples of %d bits are not read, 4 to 24 are",
			info.BitsPerSample)
	}
	format := audio.Format{
		Rate: int(info.SampleRate), Channels: int(info.NChannels), Bits: int(info.BitsPerSample),
		Encoding: fmt.Sprintf("FLAC %d bit", info.BitsPerSample),
	}
	return &Reader{in: in, o: o, stream: stream, format: format, sum: md5.New()}, nil
}

// open reads the metadata. The library is for sound files: what it does with broken ones is not its
// promise.
func open(r io.Reader) (stream *flac.Stream, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	return flac.New(r)
}

// Format implements audio.Source.
func (r *Reader) Format() audio.Format { return r.format }

// Frames implements audio.Source.
func (r *Reader) Frames() int64 {
	if r.stream.Info.NSamples == 0 {
		return -1
	}
	return int64(r.stream.Info.NSamples)
}

// Read implements audio.Source.
func (r *Reader) Read(dst []float32) (int, error) {
	scale := 1 / float32(int32(1)<<(r.format.Bits-1))
	return read(r, dst, func(v int32) float32 { return float32(v) * scale })
}

// ReadInts implements audio.Source.
func (r *Reader) ReadInts(dst []int32) (int, error) {
	return read(r, dst, func(v int32) int32 { return v })
}

func read[T any](r *Reader, dst []T, convert func(int32) T) (int, error) {
	channels := r.format.Channels
	want := len(dst) / channels * channels
	if want == 0 && len(dst) > 0 {
		return 0, fmt.Errorf("flac: room for %d samples, a frame has %d", len(dst), channels)
	}
	done := 0
	for done < want {
		if len(r.block) == 0 {
			if r.err == nil {
				r.err = r.next()
			}
			if errors.Is(r.err, io.EOF) && done > 0 {
				break // io.EOF comes with the next call
			}
			if r.err != nil {
				return done / channels, r.err
			}
		}
		n := min(want-done, len(r.block))
		for i, v := range r.block[:n] {
			dst[done+i] = convert(v)
		}
		done += n
		r.block = r.block[n:]
	}
	return done / channels, nil
}

// next decodes a FLAC frame; io.EOF after the last one.
func (r *Reader) next() error {
	info := r.stream.Info
	if info.NSamples > 0 && r.frames == info.NSamples {
		if info.MD5sum != [md5.Size]byte{} && string(r.sum.Sum(nil)) != string(info.MD5sum[:]) {
			return errors.New(
				"flac: the MD5 sum of the samples is not that of the header; the file is damaged")
		}
		return io.EOF
	}
	f, err := r.parse()
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if r.o.Truncated || info.NSamples == 0 && r.frames > 0 && errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf(
			"flac: the file ends at byte %d after %d samples of %s; Truncated takes what is there",
			r.in.at(), r.frames, of(info.NSamples))
	case err != nil:
		return fmt.Errorf("flac: the frame that ends near byte %d, after %d samples: %w", r.in.at(),
			r.frames, err)
	}
	r.frames += uint64(f.BlockSize)
	if info.NSamples > 0 && r.frames > info.NSamples {
		return fmt.Errorf("flac: the frame before byte %d brings %d samples, the header says %d",
			r.in.at(), r.frames, info.NSamples)
	}
	r.interleave(f)
	return nil
}

// of is a number of samples in words.
func of(n uint64) string {
	if n == 0 {
		return "an unknown number"
	}
	return fmt.Sprint(n)
}

// parse reads a frame and tests that it is one of this file.
func (r *Reader) parse() (f *frame.Frame, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it is damaged: %v", p)
		}
	}()
	if f, err = r.stream.Next(); err != nil {
		return nil, err
	}
	info := r.stream.Info
	if f.BitsPerSample == 0 {
		f.BitsPerSample = info.BitsPerSample
	}
	switch {
	case f.BitsPerSample != info.BitsPerSample:
		return nil, fmt.Errorf("it has samples of %d bits, the header says %d", f.BitsPerSample,
			info.BitsPerSample)
	case f.Channels.Count() != int(info.NChannels):
		return nil, fmt.Errorf("it has %d channels, the header says %d", f.Channels.Count(),
			info.NChannels)
	case f.SampleRate != 0 && f.SampleRate != info.SampleRate:
		return nil, fmt.Errorf("it has %d samples a second, the header says %d", f.SampleRate,
			info.SampleRate)
	case f.BlockSize == 0:
		return nil, errors.New("it has no samples")
	}
	if err := f.Parse(); errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	for i, s := range f.Subframes {
		if len(s.Samples) != int(f.BlockSize) {
			return nil, fmt.Errorf("channel %d has %d samples, wanted %d", i, len(s.Samples),
				f.BlockSize)
		}
	}
	return f, nil
}

// interleave makes the samples of a frame ready and adds them to the sum.
func (r *Reader) interleave(f *frame.Frame) {
	r.all, r.buf = r.all[:0], r.buf[:0]
	width := (r.format.Bits + 7) / 8
	for i := range int(f.BlockSize) {
		for _, s := range f.Subframes {
			v := s.Samples[i]
			r.all = append(r.all, v)
			for b := range width {
				r.buf = append(r.buf, byte(v>>(8*b)))
			}
		}
	}
	r.block = r.all
	r.sum.Write(r.buf)
}
