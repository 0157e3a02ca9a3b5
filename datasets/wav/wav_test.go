package wav_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/wav"
)

func Example() {
	var file bytes.Buffer
	if err := wav.Write16(&file, 8000, 1, []float32{0, 0.5, -0.5, 0.25}); err != nil {
		fmt.Println(err)
		return
	}
	r, err := wav.NewReader(&file, wav.Options{}) // in practice a file
	if err != nil {
		fmt.Println(err)
		return
	}
	samples, err := audio.ReadAll(r, 60*r.Format().Rate) // at most a minute
	fmt.Println(r.Format().Rate, r.Format().Encoding, samples, err)
	// Output: 8000 PCM 16 bit [0 0.5 -0.5 0.25] <nil>
}

// fixture is testdata/files.json.
type fixture struct {
	Files []struct {
		Name           string
		File           []byte
		Rate, Channels int
		Floats         []float32
		Ints           []int32
	}
	Samples     []float32
	Write16     []byte
	WriteFloat  []byte
	Mulaw, Alaw []int32
}

func load(t testing.TB) (f fixture) {
	content, err := os.ReadFile("testdata/files.json")
	if err == nil {
		err = json.Unmarshal(content, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReaderReadsWhatSoundfileWrites(t *testing.T) {
	for _, f := range load(t).Files {
		for _, source := range []io.Reader{bytes.NewReader(f.File),
			iotest.OneByteReader(bytes.NewReader(f.File))} {
			r, err := wav.NewReader(source, wav.Options{})
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
				continue
			}
			floats, err := audio.ReadAll(r, 100)
			format := r.Format()
			if err != nil || !slices.Equal(floats, f.Floats) || format.Rate != f.Rate ||
				format.Channels != f.Channels || r.Frames() != int64(len(floats)/f.Channels) {
				t.Errorf("%s: %+v, %d frames, %v %v; wanted %v", f.Name, format, r.Frames(), floats,
					err, f.Floats)
			}
		}
		r, err := wav.NewReader(bytes.NewReader(f.File), wav.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ints, err := audio.ReadAllInts(r, 100)
		for i := range ints {
			ints[i] <<= 32 - r.Format().Bits // soundfile gives all integers 32 bits
		}
		if (f.Ints == nil) != (err != nil) || !slices.Equal(ints, f.Ints) {
			t.Errorf("%s: %v %v; wanted %v", f.Name, ints, err, f.Ints)
		}
	}
}

func TestLawsAreThoseOfG711(t *testing.T) {
	f := load(t)
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	for code, want := range map[uint16][]int32{6: f.Alaw, 7: f.Mulaw} {
		r, err := wav.NewReader(bytes.NewReader(riff(format(code, 1, 8000, 8),
			chunk("data", codes...))), wav.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audio.ReadAllInts(r, 256); err != nil || !slices.Equal(got, want) {
			t.Errorf("codec %d: %v %v; wanted %v", code, got, err, want)
		}
	}
}

func TestWritersWriteTheBytesOfWaveAndScipy(t *testing.T) {
	f := load(t)
	var ints, floats bytes.Buffer
	if err := wav.Write16(&ints, 8000, 2, f.Samples); err != nil ||
		!bytes.Equal(ints.Bytes(), f.Write16) {
		t.Errorf("Write16: %v\n% x\nwanted\n% x", err, ints.Bytes(), f.Write16)
	}
	if err := wav.WriteFloat(&floats, 8000, 2, f.Samples); err != nil ||
		!bytes.Equal(floats.Bytes(), f.WriteFloat) {
		t.Errorf("WriteFloat: %v\n% x\nwanted\n% x", err, floats.Bytes(), f.WriteFloat)
	}
}

func TestWritersRefuse(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, err := range map[string]error{
		"above 1":       wav.Write16(io.Discard, 8000, 1, []float32{1.0001}),
		"below -1":      wav.Write16(io.Discard, 8000, 1, []float32{-2}),
		"NaN":           wav.Write16(io.Discard, 8000, 1, []float32{nan}),
		"NaN float":     wav.WriteFloat(io.Discard, 8000, 1, []float32{nan}),
		"infinity":      wav.WriteFloat(io.Discard, 8000, 1, []float32{inf}),
		"half a frame":  wav.Write16(io.Discard, 8000, 2, []float32{1}),
		"no channels":   wav.Write16(io.Discard, 8000, 0, nil),
		"many channels": wav.Write16(io.Discard, 8000, 40_000, nil),
		"no rate":       wav.Write16(io.Discard, 0, 1, nil),
		"rate":          wav.WriteFloat(io.Discard, 1<<31-1, 1, nil),
		"full disk":     wav.Write16(full{}, 8000, 1, make([]float32, 10)),
	} {
		if err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// Whatever the size of the parts, the samples are the same.
func TestReadInParts(t *testing.T) {
	want := make([]float32, 3*20_000)
	for i := range want {
		want[i] = float32(i%65536-32768) / 32768
	}
	var file bytes.Buffer
	if err := wav.Write16(&file, 44100, 3, want); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{3, 4, 3 * 1000, 3*30_000 + 1} {
		r, err := wav.NewReader(bytes.NewReader(file.Bytes()), wav.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []float32
		for part := make([]float32, size); ; {
			n, err := r.Read(part)
			got = append(got, part[:3*n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("parts of %d: %d samples, wanted %d", size, len(got), len(want))
		}
		if n, err := r.Read(make([]float32, 3)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %d %v", n, err)
		}
	}
	r, err := wav.NewReader(bytes.NewReader(file.Bytes()), wav.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]float32, 2)); err == nil {
		t.Error("a frame of 3 was read into 2")
	}
	if got, err := audio.ReadAll(r, 5000); err == nil {
		t.Errorf("%d samples, 5000 frames allowed", len(got))
	}
}
