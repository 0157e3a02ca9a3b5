package flac_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/flac"
)

func Example() {
	r, err := flac.NewReader(bytes.NewReader(stream(16, 1, 4, frame(0x08, 4, 8192))),
		flac.Options{}) // in practice a file
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
			f[i].Ints, f[i].Floats = make([]int32, f[i].Frames*f[i].Channels), make([]float32,
				f[i].Frames*f[i].Channels)
		}
	}
	return f
}

func TestReaderReadsWhatSoundfileWrites(t *testing.T) {
	for _, f := range load(t) {
		for _, source := range []io.Reader{bytes.NewReader(f.File),
			iotest.OneByteReader(bytes.NewReader(f.File))} {
			r, err := flac.NewReader(source, flac.Options{})
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
				continue
			}
			floats, err := audio.ReadAll(r, f.Frames)
			format := r.Format()
			if err != nil || !slices.Equal(floats, f.Floats) || format.Rate != f.Rate ||
				format.Channels != f.Channels || r.Frames() != int64(f.Frames) {
				t.Errorf("%s: %+v, %d frames, %v; %v", f.Name, format, r.Frames(), err,
					slices.Equal(floats, f.Floats))
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

// frame is a frame of n equal samples of 16 bits. kind has channels and sample size: 0x08 is mono
// of 16 bits.
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
		"plain":                       stream(16, 1, 2, one),
		"sample size from the header": stream(16, 1, 2, frame(0x00, 2, 5)),
		"number of samples unknown":   stream(16, 1, 0, one),
		"an ID3 tag before": append([]byte("ID3\x04\x00\x00\x00\x00\x00\x03xyz"),
			stream(16, 1, 2, one)...),
		"a tag after all samples": append(stream(16, 1, 2, one), "TAG..."...),
		"a reserved block of metadata": append(append(change(stream(16, 1, 2), 4, 0), 0x80|100,
			0, 0, 2, 1, 2), one...),
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
