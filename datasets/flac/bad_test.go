package flac_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/flac"
)

// bad are files that are refused at the header or while reading, with what is said.
var bad = []struct {
	want string
	file []byte
}{
	{"the file is empty", nil},
	{`starts with fLaC, this one with "fL"`, []byte("fL")},
	{`this one with "RIFF"`, []byte("RIFF....WAVE")},
	{`this one with "<htm"`, []byte("<html>")},
	{"this is an Ogg file", []byte("OggS\x00\x02")},
	{"the file ends at byte 4, inside the metadata", []byte("fLaC")},
	{"the file ends at byte 20, inside the metadata", stream(16, 1, 2)[:20]},
	{"the file ends at byte 10, inside the metadata", []byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f")},
	{"metadata, before byte", []byte("ID3\x04\x00\x00\x00\x00\x00\x00....")},
	{"incorrect type of first metadata block", change(stream(16, 1, 2), 4, 0x82)},
	{"the file ends at byte 12, inside the metadata", change(stream(16, 1, 2), 4, 0x84)},
	{"the file ends at byte 42 after 0 samples of an unknown number", stream(16, 1, 0)},
	{"invalid sample rate (0)", change(stream(16, 1, 2), 18, 0, 0, 0)},
	{"invalid minimum block size (0)", change(stream(16, 1, 2), 8, 0, 0)},
	{"samples of 32 bits are not read", stream(32, 1, 2)},
	{"samples of 3 bits are not read", stream(3, 1, 2)},
	{"the file ends at byte 48 after 0 samples of an unknown number",
		append(change(stream(16, 1, 0), 4, 0), 0x80|4, 0xff, 0xff, 0xff, 1, 2)},
	{"the file ends at byte 42 after 0 samples of 2; Truncated takes", stream(16, 1, 2)},
	{"the file ends at byte 54 after 2 samples of 4", stream(16, 1, 4, frame(0x08, 2, 5))},
	{"the file ends at byte 48 after 0 samples of 2", stream(16, 1, 2, frame(0x08, 2, 5)[:6])},
	{"the file ends at byte 52 after 0 samples of 2", stream(16, 1, 2, frame(0x08, 2, 5)[:10])},
	{"after 0 samples of an unknown number", stream(16, 1, 0, frame(0x08, 2, 5)[:10])},
	{"after 0 samples: frame.Frame.parseHeader: invalid sync-code",
		stream(16, 1, 2, []byte("garbage here"))},
	{"after 2 samples: frame.Frame.parseHeader: invalid sync-code",
		stream(16, 1, 0, frame(0x08, 2, 5), []byte("TAG..."))},
	{"CRC-8 checksum mismatch", stream(16, 1, 2, change(frame(0x08, 2, 5), 6, 0))},
	{"CRC-16 checksum mismatch", stream(16, 1, 2, change(frame(0x08, 2, 5), 9, 6))},
	{"it has 2 channels, the header says 1", stream(16, 1, 2, frame(0x18, 2, 5, 6))},
	{"it has 1 channels, the header says 2", stream(16, 2, 2, frame(0x08, 2, 5))},
	{"it has samples of 8 bits, the header says 16", stream(16, 1, 2, frame(0x02, 2, 5))},
	{"reserved sample size bit pattern", stream(16, 1, 2, frame(0x06, 2, 5))},
	{"reserved channels bit pattern", stream(16, 1, 2, frame(0xb8, 2, 5))},
	{"brings 4 samples, the header says 3", stream(16, 1, 3, frame(0x08, 2, 5), frame(0x08, 2, 5))},
	{"the MD5 sum of the samples is not that of the header",
		change(stream(16, 1, 2, frame(0x08, 2, 5)), 30, 1)},
	{"reserved prediction method", stream(16, 1, 2, summed(append(frame(0x08, 2)[:7], 0x04, 0,
		0)))},
	{"non-zero padding", stream(16, 1, 2, summed(append(frame(0x08, 2)[:7], 0x80, 0, 0)))},
	{"exceeds 64", stream(16, 1, 2, summed(append(frame(0x08, 2)[:7], 0x01, 0, 0, 1, 0,
		0)))}, // 24 wasted bits of 16
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range bad {
		r, err := flac.NewReader(bytes.NewReader(c.file), flac.Options{})
		if err == nil {
			_, err = audio.ReadAll(r, 100)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "flac: ") ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("% x: %v; wanted %q", c.file, err, c.want)
		}
	}
	r, err := flac.NewReader(bytes.NewReader(stream(16, 2, 0)), flac.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]float32, 1)); err == nil {
		t.Error("a frame of 2 was read into 1")
	}
}

// No byte of a file can be changed without a word: the sums catch it.
func TestEveryChangedByteIsFound(t *testing.T) {
	for _, f := range load(t)[:2] {
		start := bytes.Index(f.File, []byte{0xff, 0xf8})
		for at := start; at < len(f.File); at++ {
			file := bytes.Clone(f.File)
			file[at] ^= 1
			r, err := flac.NewReader(bytes.NewReader(file), flac.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := audio.ReadAllInts(r, f.Frames); err == nil {
				t.Errorf("%s: byte %d was changed", f.Name, at)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	two := stream(16, 1, 4, frame(0x08, 2, 5), frame(0x08, 2, 6))
	for _, file := range [][]byte{two[:54], two[:57], two[:62]} {
		r, err := flac.NewReader(bytes.NewReader(file), flac.Options{Truncated: true})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audio.ReadAllInts(r, 100); err != nil || !slices.Equal(got, []int32{5, 5}) {
			t.Errorf("%v %v; wanted 5 and 5", got, err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	file := stream(16, 1, 2, frame(0x08, 2, 5))
	for _, n := range []int{0, 2, 4, 20, 42, 45, 50} {
		fire := errors.New("disk on fire")
		r, err := flac.NewReader(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(fire)),
			flac.Options{Truncated: true})
		if err == nil {
			_, err = audio.ReadAll(r, 100)
		}
		if !errors.Is(err, fire) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}
