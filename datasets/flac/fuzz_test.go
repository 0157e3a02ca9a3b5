package flac_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/gomtl/gomtl/datasets/audio"
	"github.com/gomtl/gomtl/datasets/flac"
)

// Memory is bounded by what is read, not by what the header claims. A long silence in few bytes is
// bounded by the reader.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, file := range [][]byte{stream(16, 1, 1<<36-1, frame(0x08, 2, 5)),
		append(change(stream(16, 1, 2), 4, 0), 0x84, 0xff, 0xff, 0xff)} {
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
	r, err := flac.NewReader(bytes.NewReader(stream(16, 1, 0,
		bytes.Repeat(frame(0x08, 256, 0), 100))), flac.Options{})
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
