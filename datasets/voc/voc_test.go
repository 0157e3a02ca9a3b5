package voc_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"runtime"
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
	// in practice voc.Open("VOCdevkit/VOC2012", ...), then Annotations("Main/train")
	a, err := voc.Read(strings.NewReader(example), voc.Options{})
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
	want := voc.Annotation{FileName: "a.jpg", Width: 20, Height: 10, Depth: 3, Segmented: true,
		Objects: []voc.Object{
			{Name: "person", Pose: "Left", Truncated: true, Occluded: true, Box: voc.Box{XMin: 4, YMin: 5,
				XMax: 6.5, YMax: 7},
				Parts:   []voc.Part{{Name: "head", Box: voc.Box{XMin: 5.5, YMin: 6, XMax: 6, YMax: 7}}},
				Actions: map[string]bool{"jumping": false, "reading": true}},
			{Name: "cat", Difficult: true, Box: voc.Box{XMin: 3, YMin: 2, XMax: 3, YMax: 4}},
		}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if got, err := voc.Read(strings.NewReader("\xef\xbb\xbf<annotation/>"),
		voc.Options{}); err != nil || got.Objects != nil {
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
	{"<annotation>" + strings.Repeat("<a/>", 2000) + "</annotation>",
		"the file has more bytes than are allowed (Options.MaxBytes)"},
	{"<annotation>" + strings.Repeat("<a>", 1400), "the file has more bytes"},
	{"<annotation><segmented>yes</segmented></annotation>", `segmented is "yes"; wanted 0 or 1`},
	{"<annotation><size><width>x</width></size></annotation>",
		`width is "x"; wanted a number of pixels`},
	{"<annotation><size><width>-5</width></size></annotation>",
		`width is "-5"; wanted a number of pixels`},
	{"<annotation><size><height>99999999999</height></size></annotation>",
		"wanted a number of pixels"},
	{"<annotation><size/><size/></annotation>", "the file has 2 sizes"},
	{object(fine), "line 2, column 91: the object that ends here: it has 0 names; wanted one"},
	{object("<name> </name>" + fine), "it has 1 names; wanted one"},
	{object("<name>a</name><name>b</name>" + fine), "it has 2 names; wanted one"},
	{object("<name>a</name>"), `"a" has 0 boxes (bndbox); wanted one`},
	{object("<name>a</name>" + fine + fine), `"a" has 2 boxes (bndbox); wanted one`},
	{object("<name>a</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax></bndbox>"),
		`the box of "a" has 0 ymax; wanted one`},
	{object("<name>a</name>" + strings.Replace(fine, "<xmin>1</xmin>", "<xmin>1</xmin><xmin>1</xmin>",
		1)), `has 2 xmin; wanted one`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "", 1)), `xmin is ""; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "1,5", 1)),
		`xmin is "1,5"; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "nan", 1)),
		`xmin is "nan"; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "inf", 1)),
		`xmin is "inf"; wanted a number`},
	{object("<name>a</name>" + strings.Replace(fine, "1", "3.5", 1)),
		`the box of "a" ends before it begins: x 3.5 to 3, y 2 to 4`},
	{object("<name>a</name><difficult>2</difficult>" + fine), `difficult is "2"; wanted 0 or 1`},
	{object("<name>a</name><part>" + fine + "</part>" + fine), "part of a: it has 0 names"},
	{object("<name>a</name><actions><run>x</run></actions>" + fine), `run is "x"; wanted 0 or 1`},
}

func TestReadRefuses(t *testing.T) {
	for _, c := range bad {
		_, err := voc.Read(strings.NewReader(c.file), voc.Options{MaxBytes: 4000})
		if err == nil || !strings.HasPrefix(err.Error(), "voc: ") || !strings.Contains(err.Error(),
			c.want) {
			t.Errorf("%.100s: %v; wanted %q", c.file, err, c.want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	fire := errors.New("disk on fire")
	for _, n := range []int{0, 30, 200, len(example)} {
		if _, err := voc.Read(io.MultiReader(strings.NewReader(example[:n]), iotest.ErrReader(fire)),
			voc.Options{}); !errors.Is(err, fire) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	if _, err := voc.ReadMask(iotest.ErrReader(fire), voc.Options{}); !errors.Is(err, fire) {
		t.Error(err)
	}
	for _, err := range voc.ReadList(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(fire)),
		voc.Options{}) {
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
	_, err2 := voc.Read(io.MultiReader(strings.NewReader("<annotation><a>"), io.LimitReader(letters{},
		1<<26)), voc.Options{MaxBytes: 1 << 15})
	_, errs := all(voc.ReadList(io.LimitReader(letters{}, 1<<26), voc.Options{MaxBytes: 1 << 15}))
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; err1 == nil || err2 == nil || len(errs) != 1 ||
		taken > 1<<20 {
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
