package flac_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/flac"
)

func Example() {
	r, err := flac.NewReader(bytes.NewReader(stream(16, 1, 4, frame(0x08, 4, 8192))), flac.Options{}) // in practice a file
	if err != nil {
		fmt.Println(err)
		return
	}
	samples, err := audio.ReadAll(r, 60*r.Format().Rate) // at most a minute
	fmt.Println(r.Format().Rate, r.Format().Encoding, samples, err)
	// Output: 16000 FLAC 16 bit [0.25 0.25 0.25 0.25] <nil>
}

// fixture is a file of testdata/files.json.
type fixture struct {
	Name                   string
	File                   []byte
	Rate, Channels, Frames int
	Floats                 []float32
	Ints                   []int32
}

func load(t testing.TB) (f []fixture) {
	content, err := os.ReadFile("testdata/files.json")
	if err == nil {
		err = json.Unmarshal(content, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range f {
		if len(f[i].Ints) == 0 { // silence
			f[i].Ints, f[i].Floats = make([]int32, f[i].Frames*f[i].Channels), make([]float32, f[i].Frames*f[i].Channels)
		}
	}
	return f
}

func TestReaderReadsWhatSoundfileWrites(t *testing.T) {
	for _, f := range load(t) {
		for _, source := range []io.Reader{bytes.NewReader(f.File), iotest.OneByteReader(bytes.NewReader(f.File))} {
			r, err := flac.NewReader(source, flac.Options{})
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
				continue
			}
			floats, err := audio.ReadAll(r, f.Frames)
			format := r.Format()
			if err != nil || !slices.Equal(floats, f.Floats) || format.Rate != f.Rate || format.Channels != f.Channels || r.Frames() != int64(f.Frames) {
				t.Errorf("%s: %+v, %d frames, %v; %v", f.Name, format, r.Frames(), err, slices.Equal(floats, f.Floats))
			}
		}
		r, err := flac.NewReader(bytes.NewReader(f.File), flac.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ints []int32
		for part := make([]int32, 7*f.Channels+1); ; { // parts that do not fit FLAC's frames
			n, err := r.ReadInts(part[:7*f.Channels])
			ints = append(ints, part[:n*f.Channels]...)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for i := range ints {
			ints[i] <<= 32 - r.Format().Bits // soundfile gives all integers 32 bits
		}
		if !slices.Equal(ints, f.Ints) {
			t.Errorf("%s: other integers", f.Name)
		}
		if _, err := r.Read(make([]float32, f.Channels)); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the end: %v", f.Name, err)
		}
	}
}

// crc is the sum of RFC 9639, of bits bits with the polynomial.
func crc(b []byte, polynomial, bits uint) uint {
	sum := uint(0)
	for _, v := range b {
		sum ^= uint(v) << (bits - 8)
		for range 8 {
			if sum <<= 1; sum>>bits != 0 {
				sum ^= polynomial | 1<<bits
			}
		}
	}
	return sum
}

// frame is a frame of n equal samples of 16 bits, with the byte of channels and sample size given: 0x08 is mono of 16 bits.
func frame(kind byte, n int, values ...int16) []byte {
	b := []byte{0xff, 0xf8, 0x60, kind, 0, byte(n - 1)}
	b = append(b, byte(crc(b, 0x07, 8)))
	for _, v := range values {
		b = append(b, 0, byte(uint16(v)>>8), byte(v))
	}
	return summed(b)
}

// summed appends the sum of a frame.
func summed(b []byte) []byte {
	sum := crc(b, 0x8005, 16)
	return append(b, byte(sum>>8), byte(sum))
}

// stream is a file of 16 kHz with a STREAMINFO and frames; it has no MD5 sum.
func stream(bits, channels, samples int, frames ...[]byte) []byte {
	b := []byte{'f', 'L', 'a', 'C', 0x80, 0, 0, 34, 0, 16, 0, 16, 0, 0, 0, 0, 0, 0}
	packed := uint64(16000)<<44 | uint64(channels-1)<<41 | uint64(bits-1)<<36 | uint64(samples)
	for i := range 8 {
		b = append(b, byte(packed>>(56-8*i)))
	}
	return append(append(b, make([]byte, 16)...), bytes.Join(frames, nil)...)
}

// change returns the file with other bytes at an offset.
func change(file []byte, at int, b ...byte) []byte {
	out := bytes.Clone(file)
	copy(out[at:], b)
	return out
}

func TestUnusualFiles(t *testing.T) {
	one := frame(0x08, 2, 5)
	for name, file := range map[string][]byte{
		"plain":                           stream(16, 1, 2, one),
		"sample size from the header":     stream(16, 1, 2, frame(0x00, 2, 5)),
		"number of samples unknown":       stream(16, 1, 0, one),
		"an ID3 tag before":               append([]byte("ID3\x04\x00\x00\x00\x00\x00\x03xyz"), stream(16, 1, 2, one)...),
		"a tag after all samples":         append(stream(16, 1, 2, one), "TAG..."...),
		"a reserved block of metadata":    append(append(change(stream(16, 1, 2), 4, 0), 0x80|100, 0, 0, 2, 1, 2), one...),
		"the same frame twice, as wanted": stream(16, 1, 0, one),
	} {
		r, err := flac.NewReader(bytes.NewReader(file), flac.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := audio.ReadAllInts(r, 10); err != nil || !slices.Equal(got, []int32{5, 5}) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

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
	{"the file ends at byte 48 after 0 samples of an unknown number", append(change(stream(16, 1, 0), 4, 0), 0x80|4, 0xff, 0xff, 0xff, 1, 2)},
	{"the file ends at byte 42 after 0 samples of 2; Truncated takes", stream(16, 1, 2)},
	{"the file ends at byte 54 after 2 samples of 4", stream(16, 1, 4, frame(0x08, 2, 5))},
	{"the file ends at byte 48 after 0 samples of 2", stream(16, 1, 2, frame(0x08, 2, 5)[:6])},
	{"the file ends at byte 52 after 0 samples of 2", stream(16, 1, 2, frame(0x08, 2, 5)[:10])},
	{"after 0 samples of an unknown number", stream(16, 1, 0, frame(0x08, 2, 5)[:10])},
	{"after 0 samples: frame.Frame.parseHeader: invalid sync-code", stream(16, 1, 2, []byte("garbage here"))},
	{"after 2 samples: frame.Frame.parseHeader: invalid sync-code", stream(16, 1, 0, frame(0x08, 2, 5), []byte("TAG..."))},
	{"CRC-8 checksum mismatch", stream(16, 1, 2, change(frame(0x08, 2, 5), 6, 0))},
	{"CRC-16 checksum mismatch", stream(16, 1, 2, change(frame(0x08, 2, 5), 9, 6))},
	{"it has 2 channels, the header says 1", stream(16, 1, 2, frame(0x18, 2, 5, 6))},
	{"it has 1 channels, the header says 2", stream(16, 2, 2, frame(0x08, 2, 5))},
	{"it has samples of 8 bits, the header says 16", stream(16, 1, 2, frame(0x02, 2, 5))},
	{"reserved sample size bit pattern", stream(16, 1, 2, frame(0x06, 2, 5))},
	{"reserved channels bit pattern", stream(16, 1, 2, frame(0xb8, 2, 5))},
	{"brings 4 samples, the header says 3", stream(16, 1, 3, frame(0x08, 2, 5), frame(0x08, 2, 5))},
	{"the MD5 sum of the samples is not that of the header", change(stream(16, 1, 2, frame(0x08, 2, 5)), 30, 1)},
	{"reserved prediction method", stream(16, 1, 2, summed(append(frame(0x08, 2)[:7], 0x04, 0, 0)))},
	{"non-zero padding", stream(16, 1, 2, summed(append(frame(0x08, 2)[:7], 0x80, 0, 0)))},
	{"exceeds 64", stream(16, 1, 2, summed(append(frame(0x08, 2)[:7], 0x01, 0, 0, 1, 0, 0)))}, // 24 wasted bits of 16
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range bad {
		r, err := flac.NewReader(bytes.NewReader(c.file), flac.Options{})
		if err == nil {
			_, err = audio.ReadAll(r, 100)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "flac: ") || !strings.Contains(err.Error(), c.want) {
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
		r, err := flac.NewReader(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(fire)), flac.Options{Truncated: true})
		if err == nil {
			_, err = audio.ReadAll(r, 100)
		}
		if !errors.Is(err, fire) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// Memory is bounded by what is read, not by what the header claims; a long silence in few bytes is bounded by the reader.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, file := range [][]byte{stream(16, 1, 1<<36-1, frame(0x08, 2, 5)), append(change(stream(16, 1, 2), 4, 0), 0x84, 0xff, 0xff, 0xff)} {
		r, err := flac.NewReader(bytes.NewReader(file), flac.Options{})
		if err == nil {
			_, err = audio.ReadAll(r, 1<<40)
		}
		if err == nil {
			t.Errorf("% x was read", file)
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("%d bytes were taken for two small files", taken)
	}
	r, err := flac.NewReader(bytes.NewReader(stream(16, 1, 0, bytes.Repeat(frame(0x08, 256, 0), 100))), flac.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audio.ReadAll(r, 1000); err == nil || len(got) > 1000 {
		t.Errorf("%d samples of silence, %v", len(got), err)
	}
}

// Floats and integers agree, and no file brings more than its frames can hold.
func FuzzReader(f *testing.F) {
	for _, c := range bad {
		f.Add(c.file, false)
	}
	for _, c := range load(f) {
		f.Add(c.File, true)
	}
	f.Fuzz(func(t *testing.T, file []byte, truncated bool) {
		o := flac.Options{Truncated: truncated}
		r, err := flac.NewReader(bytes.NewReader(file), o)
		if err != nil {
			return
		}
		samples, err := audio.ReadAll(r, 1<<17)
		if err != nil {
			return
		}
		format := r.Format()
		if n := r.Frames(); n >= 0 && !truncated && n != int64(len(samples)/format.Channels) {
			t.Fatalf("%d samples, %d frames by the header", len(samples), n)
		}
		r, _ = flac.NewReader(bytes.NewReader(file), o)
		ints, err := audio.ReadAllInts(r, 1<<17)
		if err != nil || len(ints) != len(samples) {
			t.Fatalf("%d integers, %d floats, %v", len(ints), len(samples), err)
		}
		for i, v := range ints {
			if want := float32(float64(v) / float64(int64(1)<<(format.Bits-1))); samples[i] != want {
				t.Fatalf("integer %d is float %v, wanted %v", v, samples[i], want)
			}
		}
	})
}
