package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// header is what the chunks before the samples say.
type header struct {
	order          binary.ByteOrder
	codec          codec
	rate, channels int
	width, align   int   // bytes of a sample and of a frame
	size           int64 // bytes of samples, -1 to the end of the file
}

const (
	unknown   = 0xFFFFFFFF // the size in a file that was written as a stream, and in RF64 one that stands in ds64
	soxStream = 0x7FFFF000 // the size that sox writes into a stream
	maxFormat = 4096       // far above any fmt chunk
)

// parser reads chunks and counts bytes.
type parser struct {
	r     *bufio.Reader
	at    int64
	order binary.ByteOrder
	riff  int64 // the offset at which the file ends by its header, -1 if it does not say
	ds64  int64 // the size of the samples by a ds64 chunk, -1 without
}

// full fills b, or says which part of the file is missing.
func (p *parser) full(b []byte, what string) error {
	n, err := io.ReadFull(p.r, b)
	p.at += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file ends at byte %d, inside %s", p.at, what)
	}
	if err != nil {
		return fmt.Errorf("read %s at byte %d: %w", what, p.at, err)
	}
	return nil
}

// header reads up to the first sample.
func (p *parser) header() (header, error) {
	if err := p.start(); err != nil {
		return header{}, err
	}
	h := header{}
	for known := false; ; {
		id, size, err := p.chunk()
		if err != nil {
			return header{}, err
		}
		switch id {
		case "fmt ":
			if known {
				return header{}, fmt.Errorf("a second fmt chunk at byte %d", p.at-8)
			}
			if h, err = p.format(size); err != nil {
				return header{}, err
			}
			known = true
		case "ds64":
			err = p.sizes(size)
		case "data":
			if !known {
				return header{}, fmt.Errorf("the data at byte %d come before the fmt chunk", p.at-8)
			}
			h.size = p.samples(size)
			return h, nil
		default:
			err = p.skip(id, size, 0)
		}
		if err != nil {
			return header{}, err
		}
	}
}

// start reads the first twelve bytes.
func (p *parser) start() error {
	var b [12]byte
	n, err := io.ReadFull(p.r, b[:])
	p.at = int64(n)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read at byte %d: %w", n, err)
	case n == 0:
		return errors.New("the file is empty")
	}
	name, isWave := other(b[:n])
	if name != "" {
		return fmt.Errorf("this is %s, not a WAV file", name)
	}
	if !isWave {
		return fmt.Errorf("a WAV file starts with RIFF, RIFX, RF64 or BW64, this one with %q",
			b[:min(n, 4)])
	}
	if n < 12 || string(b[8:]) != "WAVE" {
		return fmt.Errorf("the RIFF file is of type %q, wanted WAVE", b[min(n, 8):n])
	}
	p.order, p.riff, p.ds64 = binary.LittleEndian, -1, -1
	if string(b[:4]) == "RIFX" {
		p.order = binary.BigEndian
	}
	if size := p.order.Uint32(b[4:]); size != 0 && size != unknown {
		p.riff = int64(size) + 8
	}
	return nil
}

// chunk reads the head of a chunk.
func (p *parser) chunk() (string, int64, error) {
	var b [8]byte
	if _, err := p.r.Peek(1); errors.Is(err, io.EOF) {
		return "", 0, fmt.Errorf("the file ends at byte %d without a data chunk", p.at)
	}
	if err := p.full(b[:], "the head of a chunk"); err != nil {
		return "", 0, err
	}
	return string(b[:4]), int64(p.order.Uint32(b[4:])), nil
}

// skip passes over what is left of a chunk, of which some bytes were read, and its padding.
func (p *parser) skip(id string, size, read int64) error {
	start := p.at - read - 8
	n, err := io.CopyN(io.Discard, p.r, size+size&1-read)
	p.at += n
	if errors.Is(err, io.EOF) {
		return fmt.Errorf(
			"the chunk %q at byte %d has %d bytes by its head, the file ends after %d of them", id,
			start, size, read+n)
	}
	if err != nil {
		return fmt.Errorf("read the chunk %q at byte %d: %w", id, start, err)
	}
	return nil
}

// sizes reads a ds64 chunk, which has the sizes that are too large for 32 bits.
func (p *parser) sizes(size int64) error {
	if size < 28 || size > 1<<20 {
		return fmt.Errorf(
			"the ds64 chunk at byte %d has %d bytes by its head, wanted 28 or a few more", p.at-8,
			size)
	}
	var b [28]byte
	if err := p.full(b[:], "the ds64 chunk"); err != nil {
		return err
	}
	riff, data := p.order.Uint64(b[:]), p.order.Uint64(b[8:])
	if data > 1<<62 || riff > 1<<62 {
		return fmt.Errorf(
			"the ds64 chunk at byte %d gives the sizes %d and %d; the file is damaged", p.at-28,
			riff, data)
	}
	p.ds64, p.riff = int64(data), int64(riff)+8
	return p.skip("ds64", size, 28)
}

// samples is the number of bytes of samples, -1 for those up to the end of the file.
func (p *parser) samples(size int64) int64 {
	switch {
	case size == unknown && p.ds64 > 0:
		return p.ds64
	case size == unknown, size == soxStream:
		return -1
	case size == 0 && p.riff <= p.at: // no end is known, or nothing should follow: what follows are samples
		if _, err := p.r.Peek(1); !errors.Is(err, io.EOF) {
			return -1
		}
	}
	return size
}

// other is the name of a kind of file that is not WAV. isWave says whether it may be WAV.
func other(start []byte) (name string, isWave bool) {
	for magic, name := range map[string]string{
		"OggS": "an Ogg file (Vorbis or Opus)", "fLaC": "a FLAC file",
		"ID3": "an MP3 or FLAC file with an ID3 tag", "FORM": "an AIFF file",
		"riff": "a Wave64 file", ".snd": "an AU file", "\xff\xfb": "an MP3 file",
		"NIST": "a NIST SPHERE file", "caff": "a CAF file",
		"<!DO": "an HTML page", "<htm": "an HTML page", "version": "a Git LFS pointer",
		"\x1f\x8b": "a gzip file", "PK\x03\x04": "a ZIP file",
	} {
		if len(start) >= len(magic) && string(start[:len(magic)]) == magic {
			return name, false
		}
	}
	if len(start) < 4 {
		return "", false
	}
	switch string(start[:4]) {
	case "RIFF", "RIFX", "RF64", "BW64":
		return "", true
	}
	return "", false
}
