package voc_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/voc"
)

const example = `<?xml version="1.0" encoding="UTF-8"?>
<annotation>
  <folder>VOC2012</folder><filename>a.jpg</filename><path>/home/x/a.jpg</path>
  <size><width>20</width><height>10</height><depth>3</depth></size>
  <segmented>1</segmented>
  <object>
    <name>person</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult><occluded>1</occluded>
    <bndbox><xmax>6.5</xmax><xmin>4</xmin><ymin>5</ymin><ymax>7</ymax></bndbox>
    <part><name>head</name><bndbox><xmin>5.5</xmin><ymin>6</ymin><xmax>6</xmax><ymax>7</ymax></bndbox></part>
    <actions><jumping>0</jumping><reading>1</reading></actions>
  </object>
  <object>
    <name> cat </name><difficult>1</difficult>
    <bndbox><xmin>3</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>
  </object>
</annotation>
<!-- end -->
`

func Example() {
	a, err := voc.Read(strings.NewReader(example), voc.Options{}) // in practice voc.Open("VOCdevkit/VOC2012", ...), then Annotations("Main/train")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.FileName, a.Width, a.Height)
	for _, o := range a.Objects {
		fmt.Println(o.Name, o.Box, "difficult:", o.Difficult, "empty:", o.Box.Empty())
	}
	// Output:
	// a.jpg 20 10
	// person {4 5 6.5 7} difficult: false empty: false
	// cat {3 2 3 4} difficult: true empty: true
}

// all collects what a reader yields: records, and errors as text.
func all[R any](seq iter.Seq2[R, error]) (records []R, errs []string) {
	for r, err := range seq {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		records = append(records, r)
	}
	return records, errs
}

func TestRead(t *testing.T) {
	got, err := voc.Read(strings.NewReader(example), voc.Options{})
	want := voc.Annotation{FileName: "a.jpg", Width: 20, Height: 10, Depth: 3, Segmented: true, Objects: []voc.Object{
		{Name: "person", Pose: "Left", Truncated: true, Occluded: true, Box: voc.Box{XMin: 4, YMin: 5, XMax: 6.5, YMax: 7},
			Parts: []voc.Part{{Name: "head", Box: voc.Box{XMin: 5.5, YMin: 6, XMax: 6, YMax: 7}}}, Actions: map[string]bool{"jumping": false, "reading": true}},
		{Name: "cat", Difficult: true, Box: voc.Box{XMin: 3, YMin: 2, XMax: 3, YMax: 4}},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if got, err := voc.Read(strings.NewReader("\xef\xbb\xbf<annotation/>"), voc.Options{}); err != nil || got.Objects != nil {
		t.Error(got, err)
	}
}

func object(fields string) string {
	return "<annotation>\n<object>" + fields + "</object></annotation>"
}

const fine = `<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>`

// bad are broken files and what is said of them.
var bad = []struct{ file, want string }{
	{"", "line 1: the file has no element <annotation>"},
	{"<annotation>", "line 1: unexpected EOF"},
	{"<annotation>\n<object>\n<name>a", "line 3: unexpected EOF"},
	{"{}", "line 1: the file has no element <annotation>"},
	{"<html></html>", "expected element type <annotation> but have <html>"},
	{"<annotation></annotation><annotation/>", "a second element follows the annotation"},
	{"<annotation></annotation>\n\nx", `line 3, column 2: "x" follows the annotation`},
	{"<annotation>\n</object>", "line 2: element <annotation> closed by </object>"},
	{"<annotation><a>&bomb;</a></annotation>", "invalid character entity &bomb;"},
	{"<annotation><a>\xff</a></annotation>", "line 1: invalid UTF-8"},
	{`<?xml version="1.0" encoding="UTF-16"?><annotation/>`, `"UTF-16" declared`},
	{"<annotation>" + strings.Repeat("<a/>", 2000) + "</annotation>", "the file has more bytes than are allowed (Options.MaxBytes)"},
	{"<annotation>" + strings.Repeat("<a>", 1400), "the file has more bytes"},
	{"<annotation><segmented>yes</segmented></annotation>", `segmented is "yes"; wanted 0 or 1`},
	{"<annotation><size><width>x</width></size></annotation>", `width is "x"; wanted a number of pixels`},
	{"<annotation><size><width>-5</width></size></annotation>", `width is "-5"; wanted a number of pixels`},
	{"<annotation><size><height>99999999999</height></size></annotation>", "wanted a number of pixels"},
	{"<annotation><size/><size/></annotation>", "the file has 2 sizes"},
	{object(fine), "line 2, column 91: the object that ends here: it has 0 names; wanted one"},
	{object("<name> </name>" + fine), "it has 1 names; wanted one"},
	{object("<name>a</name><name>b</name>" + fine), "it has 2 names; wanted one"},
	{object("<name>a</name>"), `"a" has 0 boxes (bndbox); wanted one`},
	{object("<name>a</name>" + fine + fine), `"a" has 2 boxes (bndbox); wanted one`},
	{object("<name>a</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax></bndbox>"), `the box of "a" has 0 ymax; wanted one`},
	{object("<name>a</name>" + strings.Replace(fine, "<xmin>1</xmin>", "<xmin>1</xmin><xmin>1</xmin>", 1)), `has 2 xmin; wanted one`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "", 1)), `xmin is ""; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "1,5", 1)), `xmin is "1,5"; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "nan", 1)), `xmin is "nan"; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "inf", 1)), `xmin is "inf"; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "3.5", 1)), `the box of "a" ends before it begins: x 3.5 to 3, y 2 to 4`},
	{object("<name>a</name><difficult>2</difficult>" + fine), `difficult is "2"; wanted 0 or 1`},
	{object("<name>a</name><part>" + fine + "</part>" + fine), "part of a: it has 0 names"},
	{object("<name>a</name><actions><run>x</run></actions>" + fine), `run is "x"; wanted 0 or 1`},
}

func TestReadRefuses(t *testing.T) {
	for _, c := range bad {
		_, err := voc.Read(strings.NewReader(c.file), voc.Options{MaxBytes: 4000})
		if err == nil || !strings.HasPrefix(err.Error(), "voc: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100s: %v; wanted %q", c.file, err, c.want)
		}
	}
}

// The colours of VOC's classes, as its development kit and labelmap files list them.
func TestColor(t *testing.T) {
	want := [][3]uint8{
		{0, 0, 0}, {128, 0, 0}, {0, 128, 0}, {128, 128, 0}, {0, 0, 128}, {128, 0, 128}, {0, 128, 128}, {128, 128, 128}, {64, 0, 0}, {192, 0, 0}, {64, 128, 0},
		{192, 128, 0}, {64, 0, 128}, {192, 0, 128}, {64, 128, 128}, {192, 128, 128}, {0, 64, 0}, {128, 64, 0}, {0, 192, 0}, {128, 192, 0}, {0, 64, 128},
	}
	if len(want) != 1+len(voc.Classes) || voc.Classes[14] != "person" || voc.Classes[19] != "tvmonitor" {
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
	paletted, small := image.NewPaletted(bounds, palette), image.NewPaletted(bounds, palette[:int(most)+1])
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
			if got, err := voc.ReadMask(bytes.NewReader(file), voc.Options{}); err != nil || got.Height != 2 || got.Width != 3 || !slices.Equal(got.Pixels, values) {
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
		{"the file ends after 0 bytes", nil}, {"the file ends after 20 bytes", sound[:20]}, {"unexpected EOF", sound[:len(sound)-14]}, {"no PNG file", bytes.Repeat([]byte("\xff\xd8"), 20)},
		{"byte 16: it has 100 x 100 pixels by its header; at most 5000 are read", encode(t, image.NewGray(image.Rect(0, 0, 100, 100)))},
		{"byte 24: it has 16 bits a sample and no palette", encode(t, image.NewGray16(image.Rect(0, 0, 3, 1)))},
		{"byte 24: it has 1 bits a sample and no palette", bilevel},
		{"the pixel in row 0, column 0 has the colour [255 255 255], which is none of VOC's", encode(t, other)},
		{"invalid checksum", func() []byte { f := bytes.Clone(sound); f[len(f)-20] ^= 1; return f }()},
	} {
		if _, err := voc.ReadMask(bytes.NewReader(c.file), voc.Options{MaxPixels: 5000}); err == nil || !strings.HasPrefix(err.Error(), "voc: mask: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; wanted %q", err, c.want)
		}
	}
}

func TestReadList(t *testing.T) {
	got, errs := all(voc.ReadList(strings.NewReader("\xef\xbb\xbf2007_000027\r\n# x y\na  1\nb -1\nc 2 0\n../x\n/etc/passwd\nd x\nx y.jpg\n"+strings.Repeat("z", 99)), voc.Options{MaxBytes: 50}))
	want := []voc.Item{{Name: "2007_000027", Line: 1}, {Name: "a", Labels: []int{1}, Line: 3}, {Name: "b", Labels: []int{-1}, Line: 4}, {Name: "c", Labels: []int{2, 0}, Line: 5}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i, want := range []string{`voc: line 6: "../x" is no name`, `voc: line 7: "/etc/passwd" is no name`, `line 8: "x" follows the name "d"; wanted numbers`, `line 9: "y.jpg" follows`, "line 10: the line has more than 50 bytes"} {
		if i >= len(errs) || !strings.Contains(errs[i], want) {
			t.Errorf("%q; wanted %q", errs, want)
		}
	}
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	mask := masks(t, []uint8{0, 1, 2, 3, 2, 1}, 3)[0]
	for name, content := range map[string]string{
		"Annotations/a.xml": example, "Annotations/c.xml": "<annotation>", "ImageSets/Main/train.txt": "a\nb\nc\n../d\n", "ImageSets/Layout/train.txt": "a 1\n", "JPEGImages/a.jpg": "",
		"SegmentationClass/a.png": string(mask), "SegmentationObject/c.png": "x",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := voc.Open(root, voc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if lists, err := f.Lists(); err != nil || !slices.Equal(lists, []string{"Layout/train", "Main/train"}) {
		t.Error(lists, err)
	}
	got, errs := all(f.Annotations("Main/train"))
	if len(got) != 1 || got[0].Name != "a" || len(got[0].Objects) != 2 || len(errs) != 3 {
		t.Fatalf("%+v %q", got, errs)
	}
	for i, want := range []string{"voc: no file " + filepath.Join(root, "Annotations", "b.xml"), filepath.Join(root, "Annotations", "c.xml") + ": line 1: unexpected EOF", "train.txt: line 4: "} {
		if !strings.Contains(errs[i], want) {
			t.Errorf("%q; wanted %q", errs[i], want)
		}
	}
	if m, err := f.ClassMask("a"); err != nil || m.Pixels[3] != 3 {
		t.Error(m, err)
	}
	if path, err := f.ImageFile("a"); err != nil || path != filepath.Join(root, "JPEGImages", "a.jpg") {
		t.Error(path, err)
	}
	_, noImage := f.ImageFile("b")
	_, noMask := f.ObjectMask("b")
	_, badMask := f.ObjectMask("c")
	_, outside1 := f.ImageFile("../a")
	_, outside2 := f.Annotation("../../a")
	_, noFolder := voc.Open(root+"x", voc.Options{})
	_, otherFolder := voc.Open(filepath.Join(root, "JPEGImages"), voc.Options{})
	_, noList := all(f.List("Main/none"))
	for i, c := range []struct {
		err  error
		want string
	}{
		{noImage, "b.jpg, nor with"}, {noMask, filepath.Join("SegmentationObject", "b.png")}, {badMask, "c.png: the file ends after 1 bytes"}, {outside1, "outside of the folder"},
		{outside2, "outside of the folder"}, {noFolder, root + "x"}, {otherFolder, "has neither Annotations nor ImageSets"}, {errors.New(noList[0]), "none.txt"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("case %d: %v; wanted %q", i, c.err, c.want)
		}
	}
	if !errors.Is(noMask, fs.ErrNotExist) {
		t.Error(noMask)
	}
}

func TestReadErrors(t *testing.T) {
	fire := errors.New("disk on fire")
	for _, n := range []int{0, 30, 200, len(example)} {
		if _, err := voc.Read(io.MultiReader(strings.NewReader(example[:n]), iotest.ErrReader(fire)), voc.Options{}); !errors.Is(err, fire) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	if _, err := voc.ReadMask(iotest.ErrReader(fire), voc.Options{}); !errors.Is(err, fire) {
		t.Error(err)
	}
	for _, err := range voc.ReadList(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(fire)), voc.Options{}) {
		if err != nil && !errors.Is(err, fire) {
			t.Error(err)
		}
	}
}

// Memory is bounded by the options, not by what a header claims.
func TestMemory(t *testing.T) {
	claim := bytes.Clone(masks(t, []uint8{0, 1}, 2)[0])
	binary.BigEndian.PutUint32(claim[16:], 1<<30)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err1 := voc.ReadMask(bytes.NewReader(claim), voc.Options{})
	_, err2 := voc.Read(io.MultiReader(strings.NewReader("<annotation><a>"), io.LimitReader(letters{}, 1<<26)), voc.Options{MaxBytes: 1 << 15})
	_, errs := all(voc.ReadList(io.LimitReader(letters{}, 1<<26), voc.Options{MaxBytes: 1 << 15}))
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; err1 == nil || err2 == nil || len(errs) != 1 || taken > 1<<20 {
		t.Errorf("%d bytes were taken; %v, %v, %q", taken, err1, err2, errs)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzRead(f *testing.F) {
	for _, c := range bad {
		f.Add([]byte(c.file))
	}
	f.Add([]byte(example))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := voc.Read(bytes.NewReader(file), voc.Options{})
		if err != nil {
			return
		}
		for _, o := range a.Objects {
			if o.Name == "" || o.Box.XMax < o.Box.XMin || o.Box.YMax < o.Box.YMin {
				t.Fatalf("%+v", o)
			}
		}
		for _, err := range voc.ReadList(bytes.NewReader(file), voc.Options{}) {
			_ = err
		}
	})
}

func FuzzReadMask(f *testing.F) {
	for _, file := range masks(f, []uint8{0, 1, 2, 3, 2, 1}, 3) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := voc.ReadMask(bytes.NewReader(file), voc.Options{MaxPixels: 1 << 16})
		if err == nil && len(m.Pixels) != m.Height*m.Width {
			t.Fatalf("%d pixels of %d x %d", len(m.Pixels), m.Height, m.Width)
		}
	})
}
