package coco_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomtl/gomtl/datasets/coco"
)

const example = `{
  "annotations": [
    {"id": 7, "image_id": 5, "category_id": 4, "bbox": [1, 0, 2, 2], "area": 4, "iscrowd": 0, "segmentation": [[1, 0, 3, 0, 3, 2, 1, 2]]},
    {"id": 8, "image_id": 6, "category_id": 2, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 1, "segmentation": {"size": [2, 4], "counts": [0, 1, 7]}},
    {"id": 9, "image_id": 5, "category_id": 2, "bbox": [3, 1, 0, 1]}
  ],
  "images": [{"id": 6, "file_name": "b.jpg", "width": 4, "height": 2}, {"id": 5, "file_name": "a.jpg", "width": 4, "height": 2}],
  "categories": [{"id": 4, "name": "dog"}, {"id": 2, "name": "cat"}]
}`

func Example() {
	// in practice coco.Open("instances_val2017.json", ...)
	f, err := coco.NewFile(strings.NewReader(example), coco.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for picture, err := range f.Pictures() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(picture.FileName)
		for _, a := range picture.Annotations {
			class := f.Class(a.CategoryID)
			fmt.Print("  ", class, " ", f.Categories()[class].Name, " crowd=", a.Crowd, " empty=",
				a.Box.Empty())
			if mask, err := a.Mask(picture.Height, picture.Width); err == nil {
				fmt.Print(" pixels=", mask.Area())
			}
			fmt.Println()
		}
	}
	// Output:
	// b.jpg
	//   0 cat crowd=true empty=false pixels=1
	// a.jpg
	//   1 dog crowd=false empty=false pixels=4
	//   0 cat crowd=false empty=true
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
	got, errs := all(coco.Read(strings.NewReader("\xef\xbb\xbf"+example), coco.Options{}))
	if len(got) != 7 || errs != nil {
		t.Fatalf("%d records, %q", len(got), errs)
	}
	a := got[0].Annotation
	if a == nil || a.ID != 7 || a.ImageID != 5 || a.CategoryID != 4 || *a.Box != (coco.Box{X: 1,
		Width: 2, Height: 2}) || a.Area != 4 ||
		!reflect.DeepEqual(a.Polygons, [][]float64{{1, 0, 3, 0, 3, 2, 1, 2}}) {
		t.Errorf("%+v", a)
	}
	for _, r := range got {
		if text := ("\xef\xbb\xbf" + example)[r.Offset : r.Offset+int64(r.Size)]; text[0] != '{' ||
			text[len(text)-1] != '}' || !strings.Contains(text, `"id"`) {
			t.Errorf("record at %d: %q", r.Offset, text)
		}
	}
	n := 0
	for _, err := range coco.Read(strings.NewReader(example), coco.Options{}) {
		if n++; err != nil || n == 2 {
			break
		}
	}
}

// Forms of all kinds of annotation files, and what exporters write.
func TestForms(t *testing.T) {
	const file = `{"info": {"x": [1, "}", {"y\"": []}]}, "licenses": [], "n": -1.5e3, "b": null, "images": [
		{"id": 1, "coco_url": "http://h/train2017/0001.jpg", "width": 9, "height": 9, "neg_category_ids": [3], "not_exhaustive_category_ids": [2], "date_captured": 0, "license": ""}],
		"categories": [{"id": 3, "name": "person", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]], "isthing": 1}, {"id": 2, "name": "sky", "isthing": 0, "frequency": "r", "supercategory": "s"}],
		"annotations": [
		{"id": 1, "image_id": 1, "caption": "hello"},
		{"id": 2, "image_id": 1, "category_id": 0, "caption": ""},
		{"id": 0, "image_id": 1, "category_id": 3, "keypoints": [1, 2.5, 2, 0, 0, 0], "num_keypoints": 1, "segmentation": [], "bbox": [], "iscrowd": true},
		{"image_id": 1, "file_name": "1.png", "segments_info": [{"id": 65536, "category_id": 2, "area": 3, "bbox": [0, 0, 1, 3], "iscrowd": 1}, {"id": 1, "category_id": 3}]},
		{"image_id": 1, "file_name": "1.png", "segments_info": []},
		{"id": 3, "image_id": 1, "category_id": 2, "segmentation": {"size": [3, 3], "counts": "09"}, "score": 1, "attributes": {"a": []}}]}
`
	f, err := coco.NewFile(strings.NewReader(file), coco.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Picture(0)
	if err != nil || len(p.Annotations) != 6 || f.Annotations() != 6 {
		t.Fatalf("%+v %v", p, err)
	}
	if want := (coco.Image{ID: 1, FileName: "0001.jpg", Width: 9, Height: 9, Negative: []int64{3},
		NotExhaustive: []int64{2}}); !reflect.DeepEqual(p.Image, want) {
		t.Errorf("%+v", p.Image)
	}
	want := []coco.Category{{ID: 2, Name: "sky", Supercategory: "s", Stuff: true, Frequency: "r"},
		{ID: 3, Name: "person", Keypoints: []string{"nose", "tail"}, Skeleton: [][2]int{{1, 2}}}}
	if !reflect.DeepEqual(f.Categories(), want) || f.Class(3) != 1 || f.Class(2) != 0 ||
		f.Class(1) != -1 {
		t.Errorf("%+v", f.Categories())
	}
	if a := p.Annotations[0]; a.Caption != "hello" || a.CategoryID != 0 {
		t.Errorf("%+v", a)
	}
	if a := p.Annotations[2]; !a.Crowd || a.Box != nil || a.Polygons != nil ||
		!reflect.DeepEqual(a.Keypoints, []coco.Keypoint{{X: 1, Y: 2.5, Visibility: 2}, {}}) {
		t.Errorf("%+v", a)
	}
	segments := []coco.Segment{{ID: 65536, CategoryID: 2, Box: &coco.Box{Width: 1, Height: 3}, Area: 3,
		Crowd: true}, {ID: 1, CategoryID: 3}}
	if a := p.Annotations[3]; a.PanopticFile != "1.png" || !reflect.DeepEqual(a.Segments, segments) {
		t.Errorf("%+v", a)
	}
	if a := p.Annotations[5]; a.RLE == nil || a.RLE.Area() != 9 {
		t.Errorf("%+v", a)
	}
}

// A broken record is left out, and the others are read.
func TestBroken(t *testing.T) {
	const file = `{` + images + `,` + categories + `, "annotations": [{"id": 1, "image_id": 1, "category_id": 1}, {"id": 2, "image_id": 1}, {"id": 3, "image_id": 9, "category_id": 1},
		{"id": 1, "image_id": 1, "category_id": 1, "area": 5}, {"id": 4, "image_id": 1, "category_id": 1}]}`
	var errs []string
	f, err := coco.NewFile(strings.NewReader(file),
		coco.Options{Broken: func(err error) { errs = append(errs, err.Error()) }})
	if err != nil || len(errs) != 3 {
		t.Fatalf("%v, %q", err, errs)
	}
	if p, err := f.Picture(0); err != nil || len(p.Annotations) != 2 || p.Annotations[0].ID != 1 ||
		p.Annotations[0].Area != 0 || p.Annotations[1].ID != 4 {
		t.Errorf("%+v %v", p, err)
	}
	records, errs := all(coco.Read(strings.NewReader(file), coco.Options{}))
	if len(records) != 6 || len(errs) != 1 || !strings.Contains(errs[0],
		"annotation 2: it has no category_id") {
		t.Errorf("%d records, %q", len(records), errs)
	}
	if _, err := f.Picture(1); err == nil {
		t.Error("picture 1 of 1")
	}
}

func TestReadErrors(t *testing.T) {
	for _, n := range []int{0, 5, 100, len(example) - 1, len(example)} {
		fire := errors.New("disk on fire")
		var last error
		for _, err := range coco.Read(io.MultiReader(strings.NewReader(example[:n]),
			iotest.ErrReader(fire)), coco.Options{}) {
			last = err
		}
		if !errors.Is(last, fire) {
			t.Errorf("after %d bytes: %v", n, last)
		}
	}
	content := []byte(example)
	f, err := coco.NewFile(bytes.NewReader(content), coco.Options{})
	if err != nil {
		t.Fatal(err)
	}
	copy(content[bytes.Index(content, []byte("7")):], "6")
	if _, errs := all(f.Pictures()); len(errs) != 1 || !strings.Contains(errs[0],
		"the file was changed since it was opened") {
		t.Errorf("%q", errs)
	}
}

func TestReadPanoptic(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	picture.Set(0, 0, color.NRGBA{1, 2, 3, 255})
	picture.Set(1, 0, color.NRGBA{255, 255, 255, 255})
	encode := func(m image.Image) []byte {
		var out bytes.Buffer
		if err := png.Encode(&out, m); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	file := encode(picture)
	if ids, err := coco.ReadPanoptic(bytes.NewReader(file), 1, 2); err != nil ||
		!reflect.DeepEqual(ids, []int32{1 + 2*256 + 3*65536, 1<<24 - 1}) {
		t.Error(ids, err)
	}
	picture.Set(0, 0, color.NRGBA{1, 2, 3, 0}) // with an alpha channel, which does not count
	if ids, err := coco.ReadPanoptic(bytes.NewReader(encode(picture)), 1, 2); err != nil ||
		ids[0] != 1+2*256+3*65536 {
		t.Error(ids, err)
	}
	for _, c := range []struct {
		want string
		file []byte
	}{
		{"the file ends after 0 bytes", nil}, {"the file ends after 20 bytes", file[:20]},
		{"unexpected EOF", file[:len(file)-15]}, {"no PNG file", make([]byte, 99)},
		{"it is 1 x 3, wanted 1 x 2 (height x width)", encode(image.NewNRGBA(image.Rect(0, 0, 3, 1)))},
		{"it has 8 bits and colour type 0", encode(image.NewGray(image.Rect(0, 0, 2, 1)))},
		{"it has 16 bits", encode(image.NewNRGBA64(image.Rect(0, 0, 2, 1)))},
	} {
		if _, err := coco.ReadPanoptic(bytes.NewReader(c.file), 1, 2); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; wanted %q", err, c.want)
		}
	}
}

// Memory is bounded by a record and the index, not by the file.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	file := io.MultiReader(strings.NewReader(`{"info": "`), io.LimitReader(letters{}, 1<<25),
		strings.NewReader(`", "images": [{"id": 1, "file_name": "`), io.LimitReader(letters{}, 1<<25))
	_, errs := all(coco.Read(file, coco.Options{MaxBytes: 1 << 16}))
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; len(errs) != 1 || taken > 1<<20 {
		t.Errorf("%d bytes were taken; %q", taken, errs)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
