package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/wav"
)

var le = binary.LittleEndian

// chunk is a chunk with its padding.
func chunk(id string, content ...byte) []byte {
	b := append(le.AppendUint32([]byte(id), uint32(len(content))), content...)
	return append(b, make([]byte, len(content)%2)...)
}

// sized is a chunk whose head gives another size.
func sized(id string, size uint32, content ...byte) []byte {
	return append(le.AppendUint32([]byte(id), size), content...)
}

// format is the fmt chunk of a codec.
func format(code, channels uint16, rate uint32, bits uint16) []byte {
	align := channels * (bits / 8)
	b := le.AppendUint16(le.AppendUint16(nil, code), channels)
	b = le.AppendUint32(le.AppendUint32(b, rate), rate*uint32(align))
	return chunk("fmt ", le.AppendUint16(le.AppendUint16(b, align), bits)...)
}

// riff is a file of chunks.
func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(le.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// change returns the file with other bytes at an offset.
func change(file []byte, at int, b ...byte) []byte {
	out := bytes.Clone(file)
	copy(out[at:], b)
	return out
}

var (
	pcm   = format(1, 1, 8000, 16)
	four  = chunk("data", 1, 0, 2, 0, 3, 0, 4, 0)
	sound = riff(pcm, four)
	guid  = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
	nan32 = le.AppendUint32(le.AppendUint32(nil, math.Float32bits(0.5)),
		math.Float32bits(float32(math.NaN())))
	huge64 = le.AppendUint64(nil, math.Float64bits(1e300))
)

func extensible(code byte, tail string) []byte {
	b := append(bytes.Clone(pcm[8:]), 22, 0, 16, 0, 4, 0, 0, 0, code, 0)
	return chunk("fmt ", append(change(b, 0, 0xfe, 0xff), tail...)...)
}

func ds64(data uint64) []byte {
	b := le.AppendUint64(le.AppendUint64(nil, data+100), data)
	return chunk("ds64", append(le.AppendUint64(b, 0), 0, 0, 0, 0)...)
}

// good are files out of the ordinary that hold the samples 1, 2, 3, 4.
var good = map[string][]byte{
	"plain": sound,
	"odd chunk": riff(chunk("JUNK", 1, 2, 3), pcm, chunk("LIST", []byte("INFOx")...),
		chunk("fact", 4, 0, 0, 0), four),
	"after":        riff(pcm, four, chunk("LIST", 1, 2)),
	"no byte rate": riff(change(pcm, 16, 0, 0, 0, 0), four),
	"long fmt":     riff(chunk("fmt ", append(bytes.Clone(pcm[8:]), 0, 0)...), four),
	"odd fmt":      riff(chunk("fmt ", append(bytes.Clone(pcm[8:]), 0)...), four),
	"extensible":   riff(extensible(1, guid), four),
	"stream": change(riff(pcm, sized("data", 0xFFFFFFFF, four[8:]...)), 4, 0xff,
		0xff, 0xff, 0xff),
	"stream of size 0": change(riff(pcm, sized("data", 0, four[8:]...)), 4, 0, 0, 0, 0),
	"stream of Python": change(riff(pcm, sized("data", 0, four[8:]...)), 4, 36, 0, 0, 0),
	"stream of sox": change(riff(pcm, sized("data", 0x7FFFF000, four[8:]...)), 4, 0x24,
		0xf0, 0xff, 0x7f),
	"RF64": change(riff(ds64(8), pcm,
		sized("data", 0xFFFFFFFF,
			append(four[8:len(four):len(four)],
				"LIST"...)...)), 0, 'R', 'F', '6', '4', 0xff, 0xff, 0xff, 0xff),
	"RIFF size is nonsense": change(sound, 4, 1, 2, 3, 4),
}

func TestUnusualFiles(t *testing.T) {
	for name, file := range good {
		r, err := wav.NewReader(bytes.NewReader(file), wav.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := audio.ReadAllInts(r, 10); err != nil ||
			!slices.Equal(got, []int32{1, 2, 3, 4}) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	for name, file := range map[string][]byte{"empty": riff(pcm, chunk("data")),
		"empty before LIST": riff(pcm, chunk("data"), chunk("LIST", 1, 2))} {
		r, err := wav.NewReader(bytes.NewReader(file), wav.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audio.ReadAll(r, 10); err != nil || len(got) != 0 || r.Frames() != 0 {
			t.Errorf("%s: %v %v, %d frames", name, got, err, r.Frames())
		}
	}
}

// bad are files that are refused at the header or while reading, with what is said.
var bad = []struct {
	want string
	file []byte
}{
	{"the file is empty", nil},
	{`this one with "RI"`, []byte("RI")},
	{`of type "", wanted WAVE`, []byte("RIFF\x00\x00\x00\x00")},
	{`of type "AVI ", wanted WAVE`, change(sound, 8, 'A', 'V', 'I', ' ')},
	{"this is a FLAC file", []byte("fLaC\x00\x00\x00\x22")},
	{"this is an Ogg file", []byte("OggS")},
	{"this is an MP3 or FLAC file with an ID3 tag", []byte("ID3\x04")},
	{"this is an AIFF file", []byte("FORM....AIFF")},
	{"this is a Wave64 file", []byte("riff\x2e\x91\xcf\x11")},
	{"this is an HTML page", []byte("<!DOCTYPE html>")},
	{"this is a Git LFS pointer", []byte("version https://git-lfs")},
	{`starts with RIFF, RIFX, RF64 or BW64, this one with "abcd"`, []byte("abcdefghijkl")},
	{"the file ends at byte 12 without a data chunk", riff()},
	{"the file ends at byte 36 without a data chunk", riff(pcm)},
	{"the file ends at byte 15, inside the head of a chunk", riff([]byte("fmt"))},
	{"the file ends at byte 30, inside the fmt chunk", sound[:30]},
	{"the fmt chunk at byte 12 has 14 bytes by its head", riff(chunk("fmt ", pcm[8:22]...), four)},
	{"the fmt chunk at byte 12 has 1717986918 bytes",
		riff(sized("fmt ", 0x66666666, pcm[8:]...), four)},
	{`the chunk "fmt " at byte 12 has 400 bytes by its head, the file ends after 42 of them`,
		riff(sized("fmt ", 400, append(extensible(1, guid)[8:], 1, 2)...))},
	{`the chunk "ds64" at byte 12 has 400 bytes by its head, the file ends after 29 of them`,
		riff(sized("ds64", 400, append(ds64(1)[8:36:36], 1)...))},
	{"a second fmt chunk at byte 36", riff(pcm, pcm, four)},
	{"the data at byte 12 come before the fmt chunk", riff(four, pcm)},
	{`the chunk "HURF" at byte 36 has 960051513 bytes by its head, the file ends after 100 of them`,
		riff(pcm, sized("HURF", 0x39393939, make([]byte, 100)...))},
	{"has 0 frames a second", riff(format(1, 1, 0, 16), four)},
	{"has 4294967295 frames a second", riff(change(pcm, 12, 0xff, 0xff, 0xff, 0xff), four)},
	{"has 0 channels", riff(change(pcm, 10, 0, 0), four)},
	{"has frames of 0 bytes for 1 channels", riff(change(pcm, 20, 0, 0), four)},
	{"has frames of 3 bytes for 2 channels", riff(change(change(pcm, 20, 3), 10, 2), four)},
	{"PCM samples of 16 bits in 4 bytes", riff(change(change(pcm, 20, 4), 16, 0, 0, 0, 0), four)},
	{"PCM samples of 0 bits in 2 bytes", riff(change(pcm, 22, 0), four)},
	{"PCM samples of 64 bits in 8 bytes", riff(format(1, 1, 8000, 64), four)},
	{"float samples of 16 bits in 2 bytes", riff(format(3, 1, 8000, 16), four)},
	{"A-law samples of 16 bits in 2 bytes", riff(format(6, 1, 8000, 16), four)},
	{"the codec 0x0002 (Microsoft ADPCM) is not read", riff(format(2, 1, 8000, 16), four)},
	{"the codec 0x0055 (MP3) is not read", riff(format(0x55, 1, 8000, 16), four)},
	{"the codec 0x1234 (an unknown codec)", riff(format(0x1234, 1, 8000, 16), four)},
	{"8000 frames of 2 bytes a second, which are 16000 bytes, and says 16001",
		riff(change(pcm, 16, 0x81), four)},
	{"the extensible fmt chunk at byte 12 has 16 bytes, wanted 40",
		riff(change(pcm, 8, 0xfe, 0xff), four)},
	{"the unknown subformat 01 00 00 00", riff(extensible(1, strings.Repeat("\x00", 14)), four)},
	{"the codec 0x0011 (IMA ADPCM)", riff(extensible(0x11, guid), four)},
	{"the data at byte 44 has 3 bytes, which is no multiple of a frame's 2",
		riff(pcm, chunk("data", 1, 2, 3))},
	{"the file ends at byte 49, 3 bytes early; Truncated takes what is there", sound[:49]},
	{"the file ends at byte 44, 8 bytes early", sound[:44]},
	{"the file ends at byte 47 with 1 bytes of a frame, which has 2",
		change(riff(pcm, sized("data", 0xFFFFFFFF, 1, 2, 3)), 4, 0, 0, 0, 0)},
	{"channel 0 of frame 1 is NaN", riff(format(3, 1, 8000, 32), chunk("data", nan32...))},
	{"channel 1 of frame 0 is NaN", riff(format(3, 2, 8000, 32), chunk("data", nan32...))},
	{"channel 0 of frame 0 is 1e+300", riff(format(3, 1, 8000, 64), chunk("data", huge64...))},
	{"channel 0 of frame 0 is +Inf", riff(format(3, 1, 8000, 32), chunk("data", 0, 0, 0x80, 0x7f))},
	{"the ds64 chunk at byte 12 has 4 bytes", riff(chunk("ds64", 1, 2, 3, 4), pcm, four)},
	{"the file is damaged", riff(ds64(1<<63), pcm, four)},
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range bad {
		r, err := wav.NewReader(bytes.NewReader(c.file), wav.Options{})
		if err == nil {
			_, err = audio.ReadAll(r, 100)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "wav: ") ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("% x: %v; wanted %q", c.file, err, c.want)
		}
	}
}

func TestTruncated(t *testing.T) {
	for _, file := range [][]byte{sound[:49], sound[:48],
		riff(pcm, sized("data", 5, 1, 0, 2, 0, 3)), change(riff(pcm,
			sized("data", 0xFFFFFFFF, 1, 0, 2, 0, 3)), 4, 0, 0, 0, 0)} {
		r, err := wav.NewReader(bytes.NewReader(file), wav.Options{Truncated: true})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audio.ReadAllInts(r, 100); err != nil || !slices.Equal(got, []int32{1, 2}) {
			t.Errorf("% x: %v %v; wanted 1 and 2", file, got, err)
		}
	}
	// Without the option the samples come with the error.
	r, err := wav.NewReader(bytes.NewReader(sound[:49]), wav.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audio.ReadAllInts(r, 100); err == nil || !slices.Equal(got, []int32{1, 2}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestReadErrors(t *testing.T) {
	for _, n := range []int{0, 5, 14, 20, 40, 46} {
		fire := errors.New("disk on fire")
		r, err := wav.NewReader(io.MultiReader(bytes.NewReader(sound[:n]), iotest.ErrReader(fire)),
			wav.Options{Truncated: true})
		if err == nil {
			_, err = audio.ReadAll(r, 100)
		}
		if !errors.Is(err, fire) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}
