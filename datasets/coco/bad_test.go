package coco_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/datasets/coco"
)

const (
	images     = `"images": [{"id": 1, "file_name": "a.jpg", "width": 2, "height": 2}]`
	categories = `"categories": [{"id": 1, "name": "a"}]`
)

func annotation(fields string) string {
	return "{" + images + "," + categories + `,"annotations":[{"id":7,"image_id":1,"category_id":1` +
		fields + "}]}"
}

// manyKeys are 30 keys and their values.
var manyKeys = func() string {
	var keys []string
	for i := range 30 {
		keys = append(keys, fmt.Sprintf(`"k%d":0`, i))
	}
	return strings.Join(keys, ",")
}()

// bad are broken files and what is said of them.
var bad = []struct{ file, want string }{
	{"", "byte 0: the file ends inside a value"},
	{"<html>", "byte 0: '<' stands where an object was wanted; is the file JSON?"},
	{"[{}]", "byte 0: the file is a list; wanted an object"},
	{"\x1f\x8b\x08", "byte 0: the file is compressed by gzip"},
	{"PK\x03\x04", "byte 0: the file is a zip file"},
	{"{}", `the file has no "images"`},
	{`{"images": []} x`, "byte 15: 'x' follows the end of the file's object"},
	{`{"images": [], "images": []}`, `byte 15: the key "images" stands twice`},
	{`{"images": {}}`, "byte 11: '{' stands where a list was wanted"},
	{`{"images": [1]}`, "byte 12: '1' stands where an object was wanted"},
	{`{"images": [{"id": 1, "file_name": "a"},]}`, "byte 40: ']' stands where an object was wanted"},
	{`{"images" []}`, "byte 10: '[' stands where ':' was wanted"},
	{`{"images": [],}`, "byte 14: '}' stands where a key was wanted"},
	{`{"images": [] "annotations": []}`, "byte 14: '\"' stands where ',' or '}' was wanted"},
	{`{"x": }, "images": []}`, "byte 6: '}' stands where a value was wanted"},
	{`{"x": ` + strings.Repeat("[", 1001), "byte 1006: values lie more than 1000 deep"},
	{`{"images": [{"id": 1, "file_name": "a.j`,
		"byte 39: the file ends inside a value; was it cut off?"},
	{`{"images": [{"id": 1, "file_name": "` + strings.Repeat("a", 5000) + `"}]}`,
		"byte 12: the record has more than 4096 bytes"},
	{`{"images": [{"id": NaN}]}`, "byte 19: id: 'N' stands where a whole number was wanted"},
	{`{"images": [{"id": "1"}]}`, `byte 19: id: '"' stands where a whole number was wanted`},
	{`{"images": [{"id": 1.5}]}`, "byte 19: id: 1.5 is no whole number of 64 bits"},
	{`{"images": [{"file_name": "a"}]}`, "byte 12: the image has no id"},
	{`{"images": [{"id": 1}]}`, "byte 12: image 1 has no file_name"},
	{`{"images": [{"id": 1, "file_name": "a", "width": -1}]}`,
		"byte 50: width: -1 is no number of pixels"},
	{`{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]}`,
		"byte 41: the image id 1 stands twice"},
	{`{"images": [], "categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}`,
		"byte 54: the category id 1 stands twice"},
	{`{"images": [], "categories": [{"id": 1}]}`, "byte 30: the category has no id or no name"},
	{`{"images": [], "categories": [{"id": 1, "name": "a", "skeleton": [[1]]}]}`,
		"byte 66: skeleton: 1 numbers stand where a pair was wanted"},
	{`{"images": [], "categories": [{"id": 1, "name": "a", "isthing": 2}]}`, "2 is neither 0 nor 1"},
	{`{"images": [], "annotations": [{"id": 1, "image_id": 9, "caption": ""}]}`,
		"byte 31: annotation 1 is of the image 9, which the file does not have"},
	{"{" + images + `, "annotations": [{"id": 1, "image_id": 1, "category_id": 9}]}`,
		"annotation 1 is of the category 9, which the file does not have"},
	{"{" + images + `, "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": ` +
		`[{"id": 1, "category_id": 9}]}]}`, "of the category 9, which"},
	{"{" + images + `, "annotations": [{"id": 1, "category_id": 9}]}`,
		"annotation 1: it has no image_id"},
	{"{" + images + `, "annotations": [{"image_id": 1, "category_id": 9}]}`, "it has no id"},
	{"{" + images + `, "annotations": [{"id": 1, "image_id": 1}]}`,
		"annotation 1: it has no category_id"},
	{"{" + images + `, "annotations": [{"image_id": 1, "segments_info": []}]}`,
		"it has segments and no file_name"},
	{"{" + images + "," + categories +
		`, "annotations": [{"id": 1, "image_id": 1, "category_id": 1}, {"id": 1, "image_id": 1, ` +
		`"category_id": 1}]}`, "the annotation id 1 stands twice"},
	{annotation(`,"bbox":[1,2,3]`), "byte 168: bbox: it has 3 numbers; wanted x, y, width, height"},
	{annotation(`,"bbox":[5,5,-1,2]`), "byte 168: bbox: [5 5 -1 2] has a negative size"},
	{annotation(`,"bbox":[1,2,3,NaN]`), "byte 175: bbox: 'N' stands where a number was wanted"},
	{annotation(`,"bbox":[1,2,3,1e999]`), "bbox"},
	{annotation(`,"iscrowd":"no"`), `byte 171: iscrowd: '"' stands where a whole number was wanted`},
	{annotation(`,"segmentation":[[1,2,3,4]]`),
		"polygon 0 has 4 numbers; wanted x and y of at least 3 points"},
	{annotation(`,"segmentation":[[1,2,3,4,5,6],[1,2,3,4,5,6,7]]`), "polygon 1 has 7 numbers"},
	{annotation(`,"segmentation":[1,2,3,4,5,6]`),
		"byte 177: segmentation: '1' stands where a list was wanted"},
	{annotation(`,"segmentation":"mask.png"`),
		`byte 176: segmentation: '"' stands where a list was wanted`},
	{annotation(`,"segmentation":{"counts":[1,2]}`),
		"byte 176: segmentation: the runs have no size; wanted height and width"},
	{annotation(`,"segmentation":{"size":[2,2],"counts":[1,2]}`),
		"the runs have 3 pixels, the size 2 x 2 (height x width) has 4"},
	{annotation(`,"segmentation":{"size":[2,2],"counts":[5,-1]}`),
		"byte 203: counts: a run has length -1"},
	{annotation(`,"segmentation":{"size":[1000000,1000000],"counts":[4000000000]}`),
		"is not one of a mask"},
	{annotation(`,"segmentation":{"size":[2,2],"counts":"1~"}`),
		"character 1 of the runs, '~', is none of a run"},
	{annotation(`,"segmentation":{"size":[2,2],"counts":"1P"}`), "the text of runs ends inside run 1"},
	{annotation(`,"keypoints":[1,2]`), "keypoints: it has 2 numbers; wanted x, y and visibility"},
	{annotation(`,"area":01`), "byte 168: area: \"01}\" is no number of JSON"},
	{annotation(`,"area":1.`), `"1.}" is no number`},
	{annotation(`,"area":1e+`), `"1e+}" is no number`},
	{annotation(`,"area":-`), "'}' stands where a number was wanted"},
	{annotation(`,"area":.5`), "'.' stands where a number was wanted"},
	{annotation(`,"area":+1`), "'+' stands where a number was wanted"},
	{annotation(`,"area":1 2`), "'2' stands where ',' or '}' was wanted"},
	{annotation(`,"iscrowd":tru`), "iscrowd: 't' stands where true or false was wanted"},
	{annotation(`,"iscrowd":2`), "iscrowd: 2 is neither 0 nor 1"},
	{annotation(`,"x":nul`), "x: 'n' stands where null was wanted"},
	{annotation(`,"x":[1,]`), "x: ']' stands where a value was wanted"},
	{annotation(`,"x":{"a":1,}`), `x: '}' stands where a text in quotes was wanted`},
	{annotation(`,"x":{"a":1,"a":2}`), `x: the key "a" stands twice`},
	{annotation(`,"id":8`), `the key "id" stands twice`},
	{annotation(`,` + manyKeys + `,"k7":1`), `the key "k7" stands twice`},
	{annotation(`,"x":[1}]`), "x: '}' stands where ',' or ']' was wanted"},
	{annotation(`,"x":]`), "x: ']' stands where a value was wanted"},
	{annotation(`,"caption":"a` + "\n" + `b"`), `caption: '\n' stands in a text`},
	{annotation(`,"caption":"a` + "\xff" + `b"`), "is not UTF-8"},
	{annotation(`,"caption":"\x"`), "caption: invalid character 'x'"},
	{annotation(`,"id` + "\x00" + `":1`), "'\\x00' stands in a text"},
	{annotation(`,"keypoints":[1,2,0.9]`), "key point 0 has visibility 0.9; wanted 0, 1 or 2"},
	{annotation(`,"segments_info":[{"id":1,"category_id":1},{"id":1,"category_id":1}],"file_name":"a.png"`), "segment 1 has id 1, which stands twice"},
	{annotation(`,"segments_info":[{"id":16777216,"category_id":1}],"file_name":"a.png"`),
		"is not in 1 to 16777215"},
	{annotation(`,"segments_info":[{"id":1}],"file_name":"a.png"`),
		"segment 0 has no id or no category_id"},
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	for _, c := range bad {
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := coco.Open(path, coco.Options{MaxBytes: 4096})
		if err == nil || !strings.HasPrefix(err.Error(), "coco: "+path+": byte ") ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%.200s: %v; wanted %q", c.file, err, c.want)
		}
	}
	if _, err := coco.Open(path+"x", coco.Options{}); err == nil || !strings.Contains(err.Error(),
		path+"x") {
		t.Error(err)
	}
}

// A file that opens has every picture; what Open takes, Read takes, and each record is JSON by
// encoding/json too.
func FuzzOpen(f *testing.F) {
	for _, c := range bad {
		f.Add([]byte(c.file))
	}
	f.Add([]byte(example))
	f.Add([]byte(annotation(`,"segmentation":{"size":[2,2],"counts":"04"},"keypoints":[1,2,2],"bbox":[0,0,1,1]`)))
	f.Fuzz(func(t *testing.T, file []byte) {
		o := coco.Options{MaxBytes: 1 << 12}
		records, errs := all(coco.Read(bytes.NewReader(file), o))
		index, err := coco.NewFile(bytes.NewReader(file), o)
		if err != nil {
			return
		}
		for _, r := range records {
			if text := file[r.Offset : r.Offset+int64(r.Size)]; !json.Valid(text) {
				t.Fatalf("%q was read, and is no JSON", text)
			}
		}
		pictures, more := all(index.Pictures())
		if errs != nil || more != nil ||
			len(records) != len(pictures)+index.Annotations()+len(index.Categories()) {
			t.Fatalf("%d records, %d pictures, %q %q", len(records), len(pictures), errs, more)
		}
		for _, p := range pictures {
			for _, a := range p.Annotations {
				if p.Height <= 100 && p.Width <= 100 {
					_, _ = a.Mask(p.Height, p.Width)
				}
			}
		}
	})
}

// A text that is read is written and read again; area and box agree with the pixels.
func FuzzMask(f *testing.F) {
	for _, c := range load(f).Masks {
		f.Add(c.Text, c.Size[0], c.Size[1])
	}
	f.Add("ooooooooo1", 1, 1)
	f.Fuzz(func(t *testing.T, text string, height, width int) {
		r, err := coco.ParseRLE(text, height, width)
		if err != nil || height*width > 1<<16 {
			return
		}
		if again, err := coco.ParseRLE(r.Text(), height, width); err != nil ||
			!reflect.DeepEqual(again.Counts, r.Counts) {
			t.Fatalf("%q became %v %v", text, again, err)
		}
		pixels := make([]uint8, height*width)
		if err := r.Decode(pixels); err != nil {
			t.Fatal(err)
		}
		encoded, err := coco.Encode(pixels, height, width)
		if err != nil || encoded.Area() != r.Area() || encoded.Box() != r.Box() ||
			encoded.Area() != bytes.Count(pixels, []byte{1}) {
			t.Fatalf("%q: %v and %v, %v", text, r, encoded, err)
		}
		if u, err := coco.Union(r, encoded); err != nil || !reflect.DeepEqual(u, encoded) {
			t.Fatalf("%q: %v and %v, %v", text, u, encoded, err)
		}
	})
}
