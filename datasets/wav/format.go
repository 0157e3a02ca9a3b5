package wav

import (
	"encoding/binary"
	"fmt"
)

// The codes of a fmt chunk.
const (
	codePCM        = 1
	codeFloat      = 3
	codeALaw       = 6
	codeMuLaw      = 7
	codeExtensible = 0xFFFE
)

// names are codecs that are refused by name.
var names = map[uint16]string{
	0: "an unknown codec", 2: "Microsoft ADPCM", 0x11: "IMA ADPCM", 0x14: "G.723 ADPCM",
	0x22: "TrueSpeech", 0x31: "GSM 6.10", 0x40: "G.721 ADPCM", 0x42: "G.723.1",
	0x45: "G.726 ADPCM", 0x50: "MPEG", 0x55: "MP3", 0x64: "G.726 ADPCM", 0x83: "G.729", 0xFF: "AAC",
	0x161: "WMA 2", 0x162: "WMA Pro", 0x1610: "AAC", 0x2000: "AC-3", 0xF1AC: "FLAC",
}

// subformat is the end of the GUID of an extensible format; it begins with the code, 0 and 0x10.
const subformat = "\x80\x00\x00\xaa\x00\x38\x9b\x71"

// format reads a fmt chunk.
func (p *parser) format(size int64) (header, error) {
	start := p.at - 8
	if size < 16 || size > maxFormat {
		return header{}, fmt.Errorf(
			"the fmt chunk at byte %d has %d bytes by its head; it is 16 to 40 long", start, size)
	}
	var b [40]byte
	have := min(size, 40)
	if err := p.full(b[:have], "the fmt chunk"); err != nil {
		return header{}, err
	}
	code := p.order.Uint16(b[:])
	rate, bytesPerSecond := p.order.Uint32(b[4:]), p.order.Uint32(b[8:])
	bits := int(p.order.Uint16(b[14:]))
	h := header{order: p.order, rate: int(rate), channels: int(p.order.Uint16(b[2:])),
		align: int(p.order.Uint16(b[12:]))}
	if code == codeExtensible {
		if have < 40 {
			return header{}, fmt.Errorf(
				"the extensible fmt chunk at byte %d has %d bytes, wanted 40", start, size)
		}
		first := p.order.Uint32(b[24:])
		if first > 0xFFFF || p.order.Uint16(b[28:]) != 0 || p.order.Uint16(b[30:]) != 0x10 ||
			string(b[32:40]) != subformat {
			return header{}, fmt.Errorf("the fmt chunk at byte %d has the unknown subformat % x",
				start, b[24:40])
		}
		code = uint16(first)
	}
	if err := h.check(start); err != nil {
		return header{}, err
	}
	h.width = h.align / h.channels
	var err error
	if h.codec, err = choose(code, bits, h.width); err != nil {
		return header{}, fmt.Errorf("the fmt chunk at byte %d: %w", start, err)
	}
	if want := uint64(rate) * uint64(h.align); bytesPerSecond != 0 &&
		uint64(bytesPerSecond) != want {
		return header{}, fmt.Errorf(
			"the fmt chunk at byte %d has %d frames of %d bytes a second, which are %d bytes, and says %d bytes a second: one is wrong",
			start, rate, h.align, want, bytesPerSecond)
	}
	return h, p.skip("fmt ", size, have)
}

// check tests the sizes of a fmt chunk.
func (h header) check(start int64) error {
	switch {
	case h.rate < 1 || h.rate > 1<<31-1:
		return fmt.Errorf("the fmt chunk at byte %d has %d frames a second", start, h.rate)
	case h.channels == 0:
		return fmt.Errorf("the fmt chunk at byte %d has 0 channels", start)
	case h.align == 0 || h.align%h.channels != 0:
		return fmt.Errorf("the fmt chunk at byte %d has frames of %d bytes for %d channels", start,
			h.align, h.channels)
	}
	return nil
}

// codec is how a sample is stored.
type codec struct {
	name    string
	bits    int                                          // of the integers; 0 for floats
	integer func(order binary.ByteOrder, b []byte) int32 // nil for floats
}

// choose finds the codec of samples of so many bits in so many bytes.
func choose(code uint16, bits, width int) (codec, error) {
	fits := bits > 8*(width-1) && bits <= 8*width
	switch {
	case code == codePCM && width <= 4 && fits:
		return codec{fmt.Sprintf("PCM %d bit", bits), 8 * width, integers[width-1]}, nil
	case code == codeFloat && (width == 4 || width == 8) && fits:
		return codec{name: fmt.Sprintf("float %d bit", 8*width)}, nil
	case code == codeALaw && width == 1:
		return codec{"A-law", 16,
			func(_ binary.ByteOrder, b []byte) int32 { return alaw(b[0]) }}, nil
	case code == codeMuLaw && width == 1:
		return codec{"mu-law", 16,
			func(_ binary.ByteOrder, b []byte) int32 { return mulaw(b[0]) }}, nil
	case code == codePCM || code == codeFloat || code == codeALaw || code == codeMuLaw:
		kind := map[uint16]string{codePCM: "PCM", codeFloat: "float", codeALaw: "A-law",
			codeMuLaw: "mu-law"}[code]
		return codec{}, fmt.Errorf("%s samples of %d bits in %d bytes are not read", kind, bits,
			width)
	}
	name := names[code]
	if name == "" {
		name = "an unknown codec"
	}
	return codec{}, fmt.Errorf("the codec %#04x (%s) is not read; convert the file to PCM", code,
		name)
}

// integers decode 1 to 4 bytes.
var integers = [4]func(binary.ByteOrder, []byte) int32{
	func(_ binary.ByteOrder, b []byte) int32 { return int32(b[0]) - 128 },
	func(order binary.ByteOrder, b []byte) int32 { return int32(int16(order.Uint16(b))) },
	func(order binary.ByteOrder, b []byte) int32 {
		low, high := b[0], b[2]
		if order == binary.ByteOrder(binary.BigEndian) {
			low, high = high, low
		}
		return int32(uint32(low)<<8|uint32(b[1])<<16|uint32(high)<<24) >> 8
	},
	func(order binary.ByteOrder, b []byte) int32 { return int32(order.Uint32(b)) },
}

// mulaw decodes a byte of G.711 mu-law to 16 bits. All bits are inverted; then come sign, exponent
// and mantissa of a line that is moved by 132.
func mulaw(b byte) int32 {
	b = ^b
	magnitude := (int32(b&0x0f)<<3+132)<<(b>>4&7) - 132
	if b&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

// alaw decodes a byte of G.711 A-law to 16 bits. Every second bit is inverted; the first two
// exponents share a step.
func alaw(b byte) int32 {
	b ^= 0x55
	magnitude := int32(b&0x0f)<<4 + 8
	if exponent := b >> 4 & 7; exponent > 0 {
		magnitude = (magnitude + 256) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return -magnitude
	}
	return magnitude
}
