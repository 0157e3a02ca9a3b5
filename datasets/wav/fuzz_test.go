package wav_test

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/wav"
)

// Memory is bounded by what is read, not by what the header claims.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	many := change(change(format(1, 1, 8000, 8), 10, 0xff, 0xff), 20, 0xff, 0xff) // channels
	for _, file := range [][]byte{
		riff(change(many, 16, 0, 0, 0, 0), sized("data", 0xFFFF0000, 1, 0)),
		riff(pcm, sized("data", 0xFFFFFFF0, 1, 0)), riff(sized("JUNK", 0xFFFFFFF0,
			1)), change(riff(ds64(1<<60), pcm, sized("data", 0xFFFFFFFF, 1,
			0)), 0, 'R', 'F', '6', '4'),
	} {
		r, err := wav.NewReader(bytes.NewReader(file), wav.Options{})
		if err == nil {
			_, err = audio.ReadAll(r, 1<<40)
		}
		if err == nil {
			t.Errorf("% x was read", file)
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("%d bytes were taken for four small files", taken)
	}
}

// Whatever can be read is written and read again without a change; integers and floats agree.
func FuzzReader(f *testing.F) {
	for _, c := range bad {
		f.Add(c.file, false)
	}
	for _, file := range good {
		f.Add(file, true)
	}
	for _, c := range load(f).Files {
		f.Add(c.File, false)
	}
	f.Fuzz(func(t *testing.T, file []byte, truncated bool) {
		o := wav.Options{Truncated: truncated}
		r, err := wav.NewReader(bytes.NewReader(file), o)
		if err != nil {
			return
		}
		samples, err := audio.ReadAll(r, len(file))
		if err != nil {
			return
		}
		format := r.Format()
		var out bytes.Buffer
		if err := wav.WriteFloat(&out, 8000, format.Channels, samples); err != nil {
			return // too many channels for floats
		}
		again, err := wav.NewReader(&out, wav.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := audio.ReadAll(again, len(file)); err != nil || !slices.Equal(got, samples) {
			t.Fatalf("%v became %v %v", samples, got, err)
		}
		if format.Bits == 0 {
			return
		}
		r, _ = wav.NewReader(bytes.NewReader(file), o)
		ints, err := audio.ReadAllInts(r, len(file))
		if err != nil || len(ints) != len(samples) {
			t.Fatalf("%d integers, %d floats, %v", len(ints), len(samples), err)
		}
		for i, v := range ints {
			if want := float32(math.Ldexp(float64(v), 1-format.Bits)); samples[i] != want {
				t.Fatalf("integer %d is float %v, wanted %v", v, samples[i], want)
			}
		}
	})
}
