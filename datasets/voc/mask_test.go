package voc_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/voc"
)

// The colours of VOC's classes, as its development kit and labelmap files list them.
func TestColor(t *testing.T) {
	want := [][3]uint8{
		{0, 0, 0}, {128, 0, 0}, {0, 128, 0}, {128, 128, 0}, {0, 0, 128}, {128, 0, 128}, {0, 128, 128},
		{128, 128, 128}, {64, 0, 0}, {192, 0, 0}, {64, 128, 0},
		{192, 128, 0}, {64, 0, 128}, {192, 0, 128}, {64, 128, 128}, {192, 128, 128}, {0, 64, 0}, {128, 64,
			0}, {0, 192, 0}, {128, 192, 0}, {0, 64, 128},
	}
	if len(want) != 1+len(voc.Classes) || voc.Classes[14] != "person" ||
		voc.Classes[19] != "tvmonitor" {
		t.Error(voc.Classes)
	}
	for v, c := range want {
		if got := voc.Color(uint8(v)); got != (color.NRGBA{c[0], c[1], c[2], 255}) {
			t.Errorf("%d: %v, want %v", v, got, c)
		}
	}
	if got := voc.Color(voc.Border); got != (color.NRGBA{224, 224, 192, 255}) {
		t.Error(got)
	}
}

func encode(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// masks are the same values as palette of 8 bits, of 2 bits, grey, and colours.
func masks(tb testing.TB, values []uint8, width int) (files [][]byte) {
	tb.Helper()
	bounds := image.Rect(0, 0, width, len(values)/width)
	var palette color.Palette
	for v := range 256 {
		palette = append(palette, voc.Color(uint8(v)))
	}
	most := slices.Max(values)
	paletted, small := image.NewPaletted(bounds, palette), image.NewPaletted(bounds,
		palette[:int(most)+1])
	grey, colours := image.NewGray(bounds), image.NewNRGBA(bounds)
	for i, v := range values {
		paletted.Pix[i], small.Pix[i], grey.Pix[i] = v, v, v
		colours.SetNRGBA(i%width, i/width, voc.Color(v))
	}
	for _, m := range []image.Image{paletted, small, grey, colours} {
		files = append(files, encode(tb, m))
	}
	return files
}

func TestReadMask(t *testing.T) {
	for _, values := range [][]uint8{{0, 1, 2, 3, 2, 1}, {0, 255, 20, 7, 100, 0}} {
		for i, file := range masks(t, values, 3) {
			if got, err := voc.ReadMask(bytes.NewReader(file), voc.Options{}); err != nil ||
				got.Height != 2 || got.Width != 3 || !slices.Equal(got.Pixels, values) {
				t.Errorf("form %d: %v %v, want %v", i, got, err, values)
			}
		}
	}
}

func TestReadMaskRefuses(t *testing.T) {
	sound := masks(t, []uint8{0, 1, 2, 3, 2, 1}, 3)[0]
	other := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i := range other.Pix {
		other.Pix[i] = 255
	}
	bilevel := bytes.Clone(masks(t, []uint8{0, 1}, 2)[2])
	bilevel[24] = 1
	for _, c := range []struct {
		want string
		file []byte
	}{
		{"the file ends after 0 bytes", nil}, {"the file ends after 20 bytes", sound[:20]},
		{"unexpected EOF", sound[:len(sound)-14]}, {"no PNG file", bytes.Repeat([]byte("\xff\xd8"), 20)},
		{"byte 16: it has 100 x 100 pixels by its header; at most 5000 are read", encode(t,
			image.NewGray(image.Rect(0, 0, 100, 100)))},
		{"byte 24: it has 16 bits a sample and no palette", encode(t, image.NewGray16(image.Rect(0, 0, 3,
			1)))},
		{"byte 24: it has 1 bits a sample and no palette", bilevel},
		{"the pixel in row 0, column 0 has the colour [255 255 255], which is none of VOC's", encode(t,
			other)},
		{"invalid checksum", func() []byte { f := bytes.Clone(sound); f[len(f)-20] ^= 1; return f }()},
	} {
		if _, err := voc.ReadMask(bytes.NewReader(c.file), voc.Options{MaxPixels: 5000}); err == nil ||
			!strings.HasPrefix(err.Error(), "voc: mask: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; wanted %q", err, c.want)
		}
	}
}
