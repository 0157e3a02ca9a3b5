package pngfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/internal/pngfile"
)

func anySize(pngfile.Header) error { return nil }

// files are pictures of all kinds that image/png writes.
func files(tb testing.TB) (all [][]byte) {
	tb.Helper()
	bounds := image.Rect(0, 0, 5, 3)
	palette := color.Palette{color.White, color.Black, color.Transparent}
	for _, m := range []image.Image{image.NewGray(bounds), image.NewGray16(bounds),
		image.NewNRGBA(bounds), image.NewNRGBA64(bounds), image.NewRGBA(bounds),
		image.NewPaletted(bounds, palette), image.NewPaletted(bounds, palette[:2])} {
		var out bytes.Buffer
		if err := png.Encode(&out, m); err != nil {
			tb.Fatal(err)
		}
		all = append(all, out.Bytes())
	}
	return all
}

// claim changes the size in the header of a file.
func claim(file []byte, width, height uint32) []byte {
	file = bytes.Clone(file)
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestDecode(t *testing.T) {
	for i, file := range files(t) {
		want, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := pngfile.Decode(iotest.OneByteReader(bytes.NewReader(file)), anySize)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("file %d: %v %v, want %v", i, got, err, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	file := files(t)[0]
	broken := bytes.Clone(file)
	broken[43] ^= 0x55
	for _, c := range []struct {
		want string
		file []byte
	}{
		{"the file ends after 0 bytes", nil},
		{"the file ends after 32 bytes", file[:32]},
		{"no PNG file", bytes.Repeat([]byte("x"), 40)},
		{"the pixels end after 0 bytes; 3 x 5 have 15", file[:33]},
		{"the pixels end after", file[:44]},
		{"the pixels after 0 bytes: ", broken},
		{"byte 16: it has 2000000 x 2000000 pixels by its header", claim(file, 2e6, 2e6)},
		{"the pixels end after 18 bytes; 30000 x 30000 have 900000000", claim(file, 3e4, 3e4)},
		{"the file has more than", append(bytes.Clone(file), make([]byte, 17<<20)...)},
		{"invalid checksum", append(file[:len(file)-2:len(file)-2], 1, 1)},
	} {
		_, err := pngfile.Decode(bytes.NewReader(c.file), anySize)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; wanted %q", err, c.want)
		}
	}
	no := errors.New("no")
	_, err := pngfile.Decode(bytes.NewReader(file), func(h pngfile.Header) error {
		if h != (pngfile.Header{Width: 5, Height: 3, Depth: 8}) {
			t.Errorf("%+v", h)
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Error(err)
	}
	if _, err := pngfile.Decode(iotest.ErrReader(no), anySize); !errors.Is(err, no) {
		t.Error(err)
	}
}

// Memory is bounded by what is there, not by what the header claims.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, file := range files(t) {
		if _, err := pngfile.Decode(bytes.NewReader(claim(file, 3e4, 3e4)), anySize); err == nil {
			t.Error("a file without its pixels was read")
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<23 {
		t.Errorf("%d bytes were taken", taken)
	}
}
