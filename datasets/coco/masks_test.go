package coco_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/gomtl/gomtl/datasets/coco"
)

// described is a mask as testdata/masks.py describes it.
type described struct {
	Size   [2]int
	Text   string
	Area   int
	Box    [4]float64
	Counts []uint32
	Pixels []int
	XY     []float64
}

type fixture struct {
	Masks, Polygons []described
	Pairs           []struct {
		Size         [2]int
		Found, Truth string
		IoU, Crowd   float64
	}
	Boxes []struct {
		Found, Truth [4]float64
		IoU, Crowd   float64
	}
	Unions []struct {
		Size  [2]int
		Masks []string
		Union string
	}
}

func load(tb testing.TB) (f fixture) {
	tb.Helper()
	text, err := os.ReadFile("testdata/masks.json")
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func parseRLE(tb testing.TB, text string, size [2]int) coco.RLE {
	tb.Helper()
	r, err := coco.ParseRLE(text, size[0], size[1])
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func box(b [4]float64) coco.Box { return coco.Box{X: b[0], Y: b[1], Width: b[2], Height: b[3]} }

func TestMasksAsPycocotools(t *testing.T) {
	for i, c := range load(t).Masks {
		r := parseRLE(t, c.Text, c.Size)
		if !slices.Equal(r.Counts, c.Counts) || r.Text() != c.Text || r.Area() != c.Area ||
			r.Box() != box(c.Box) {
			t.Errorf("mask %d: %v %q %d %v, want %v %q %d %v", i, r.Counts, r.Text(), r.Area(), r.Box(),
				c.Counts, c.Text, c.Area, c.Box)
		}
		pixels, want := make([]uint8, len(c.Pixels)), make([]uint8, len(c.Pixels))
		for k, v := range c.Pixels {
			want[k] = uint8(v)
		}
		if err := r.Decode(pixels); err != nil || !slices.Equal(pixels, want) {
			t.Errorf("mask %d: %v %v, want %v", i, pixels, err, want)
		}
		if again, err := coco.Encode(pixels, r.Height, r.Width); err != nil || !slices.Equal(again.Counts,
			c.Counts) {
			t.Errorf("mask %d: %v %v, want %v", i, again, err, c.Counts)
		}
	}
}

func TestPolygonsAsPycocotools(t *testing.T) {
	for i, c := range load(t).Polygons {
		r, err := coco.FromPolygon(c.XY, c.Size[0], c.Size[1])
		if err != nil || r.Text() != c.Text || r.Area() != c.Area || r.Box() != box(c.Box) {
			t.Errorf("polygon %d %v in %v: %v %d %v, want %v %d %v", i, c.XY, c.Size, r, r.Area(), err,
				parseRLE(t, c.Text, c.Size), c.Area, c.Box)
		}
	}
}

func TestIoUAndUnionAsPycocotools(t *testing.T) {
	f := load(t)
	for i, c := range f.Pairs {
		found, truth := parseRLE(t, c.Found, c.Size), parseRLE(t, c.Truth, c.Size)
		iou, err1 := coco.IoU(found, truth, false)
		crowd, err2 := coco.IoU(found, truth, true)
		if iou != c.IoU || crowd != c.Crowd || err1 != nil || err2 != nil {
			t.Errorf("pair %d: %v %v %v %v, want %v %v", i, iou, crowd, err1, err2, c.IoU, c.Crowd)
		}
	}
	for i, c := range f.Boxes {
		iou, crowd := coco.BoxIoU(box(c.Found), box(c.Truth), false), coco.BoxIoU(box(c.Found),
			box(c.Truth), true)
		if math.Abs(iou-c.IoU) > 1e-15 || math.Abs(crowd-c.Crowd) > 1e-15 {
			t.Errorf("boxes %d: %v %v, want %v %v", i, iou, crowd, c.IoU, c.Crowd)
		}
	}
	for i, c := range f.Unions {
		var masks []coco.RLE
		for _, text := range c.Masks {
			masks = append(masks, parseRLE(t, text, c.Size))
		}
		if got, err := coco.Union(masks...); err != nil || got.Text() != c.Union {
			t.Errorf("union %d: %v %v, want %q", i, got, err, c.Union)
		}
	}
}

// Runs of length 0 and a mask without pixels change nothing.
func TestOddRuns(t *testing.T) {
	a := coco.RLE{Height: 2, Width: 3, Counts: []uint32{1, 2, 0, 0, 0, 1, 2}}
	if a.Area() != 3 || a.Box() != (coco.Box{Width: 2, Height: 2}) {
		t.Error(a.Area(), a.Box())
	}
	b := coco.RLE{Height: 2, Width: 3, Counts: []uint32{1, 3, 2}}
	if iou, err := coco.IoU(a, b, false); iou != 1 || err != nil {
		t.Error(iou, err)
	}
	if u, err := coco.Union(a, b); err != nil || !slices.Equal(u.Counts, b.Counts) {
		t.Error(u, err)
	}
	none := coco.RLE{Counts: []uint32{0}}
	if u, err := coco.Union(none, none); err != nil || u.Area() != 0 || u.Box() != (coco.Box{}) {
		t.Error(u, err)
	}
	if iou, err := coco.IoU(none, none, true); iou != 0 || err != nil {
		t.Error(iou, err)
	}
}

func TestMasksRefuse(t *testing.T) {
	for _, c := range []struct {
		text          string
		height, width int
	}{
		{"", 1, 1}, {"1", 1, 2}, {"P", 1, 1}, {"/", 1, 1}, {"\xff", 1, 1}, {"p", 1, 1}, {"@", 1, 1},
		{"ooooooooo1", 1, 1}, {"1", -1, -1}, {"1", 1 << 40, 1 << 40}, {"112@", 2, 2},
	} {
		if r, err := coco.ParseRLE(c.text, c.height, c.width); err == nil {
			t.Errorf("%q %d %d became %v", c.text, c.height, c.width, r)
		}
	}
	for _, xy := range [][]float64{nil, {1, 2, 3, 4}, {1, 2, 3, 4, 5, 6, 7}, {1, 2, 3, 4, 5, 1e300},
		{1, 2, 3, 4, 5, math.NaN()}, {-1.3e7, 0, 1.3e7, 0, 1.3e7, 1}} {
		if r, err := coco.FromPolygon(xy, 10, 10); err == nil {
			t.Errorf("%v became %v", xy, r)
		}
	}
	far := []float64{-1.3e7, 0, 1.3e7, 0, 1.3e7, 1}
	for _, width := range []int{10, 1 << 30} { // too far out, and too long
		if r, err := coco.FromPolygon(far, 1, width); err == nil {
			t.Errorf("%v became %v", far, r)
		}
	}
	small, large := coco.RLE{Height: 1, Width: 1, Counts: []uint32{1}}, coco.RLE{Height: 1, Width: 2,
		Counts: []uint32{2}}
	if _, err := coco.IoU(small, large, false); err == nil {
		t.Error("the IoU of masks of different sizes")
	}
	if _, err := coco.Union(small, large); err == nil {
		t.Error("the union of masks of different sizes")
	}
	if _, err := coco.Union(); err == nil {
		t.Error("the union of nothing")
	}
	if err := (coco.RLE{Height: 1 << 30, Width: 1 << 30,
		Counts: []uint32{1}}).Decode(nil); err == nil {
		t.Error("a mask that does not fill its size was decoded")
	}
	if err := large.Decode(make([]uint8, 1)); err == nil {
		t.Error("a mask was decoded into too few pixels")
	}
	if _, err := coco.Encode(make([]uint8, 3), 2, 2); err == nil {
		t.Error("3 pixels are 2 x 2")
	}
	if _, err := (coco.Annotation{RLE: &small}).Mask(1, 2); err == nil {
		t.Error("a mask of another size than its picture")
	}
	if _, err := (coco.Annotation{}).Mask(1, 2); err == nil {
		t.Error("the mask of an annotation without one")
	}
}
