package coco

import (
	"fmt"
	"math"
	"slices"
)

// fine is how many steps of an outline make a pixel.
const fine = 5

// maxOutline is the most steps of an outline, 13 million pixels: far more than any picture has.
const maxOutline = 1 << 26

// beyond is how many times the size of a picture an outline may reach out of it.
const beyond = 16

// FromPolygon is the mask of the pixels inside the outline x, y, x, y, ..., equal to that of
// pycocotools: the outline is followed on a grid five times as fine, and where it crosses the
// middle of a column of pixels the mask changes.
func FromPolygon(xy []float64, height, width int) (RLE, error) {
	r, err := fromPolygon(xy, height, width)
	if err != nil {
		return RLE{}, fmt.Errorf("coco: %w", err)
	}
	return r, nil
}

func fromPolygon(xy []float64, height, width int) (RLE, error) {
	if err := checkSize(height, width); err != nil {
		return RLE{}, err
	}
	if len(xy) < 6 || len(xy)%2 != 0 {
		return RLE{}, fmt.Errorf("a polygon has %d numbers; wanted x and y of at least 3 points",
			len(xy))
	}
	points := make([][2]int, len(xy)/2+1)
	most := min(float64(beyond*max(height, width, 64)), maxOutline/fine)
	for i, v := range xy {
		if !(math.Abs(v) <= most) {
			return RLE{}, fmt.Errorf("a polygon has the coordinate %v, far outside of %d x %d "+
				"(height x width)", v, height, width)
		}
		points[i/2][i%2] = int(fine*v + .5)
	}
	points[len(points)-1] = points[0]
	o := outline{height: height, width: width}
	for i := range points[1:] {
		if !o.edge(points[i], points[i+1]) {
			return RLE{}, fmt.Errorf("a polygon's outline is longer than %d pixels", maxOutline/fine)
		}
	}
	slices.Sort(o.ends)
	return fromEnds(append(o.ends, height*width), height, width), nil
}

// outline follows a polygon and collects where columns change.
type outline struct {
	height, width int
	ends          []int
	last          [2]int
	steps         int
}

// edge goes along a straight line, a step at a time on its longer axis. It returns false if the way
// becomes too long.
func (o *outline) edge(from, to [2]int) bool {
	long := 0
	if abs(to[1]-from[1]) > abs(to[0]-from[0]) {
		long = 1
	}
	start, end := from, to
	back := from[long] > to[long] // rounding goes from the lower end
	if back {
		start, end = to, from
	}
	n := end[long] - start[long]
	slope := 0.
	if n > 0 {
		slope = float64(end[1-long]-start[1-long]) / float64(n)
	}
	if n > maxOutline-o.steps {
		return false
	}
	for i := range n + 1 {
		t := i
		if back {
			t = n - i
		}
		var p [2]int
		p[long] = start[long] + t
		p[1-long] = int(float64(start[1-long]) + slope*float64(t) + .5)
		if o.steps > 0 {
			o.step(p)
		}
		o.last = p
		o.steps++
	}
	return true
}

// step notes where the way from the last point to p crosses the middle of a column.
func (o *outline) step(p [2]int) {
	if p[0] == o.last[0] {
		return
	}
	x := p[0]
	if x > o.last[0] {
		x--
	}
	column := (float64(x)+.5)/fine - .5
	if column != math.Floor(column) || column < 0 || column > float64(o.width-1) {
		return
	}
	y := (float64(min(p[1], o.last[1]))+.5)/fine - .5
	y = math.Ceil(min(max(y, 0), float64(o.height)))
	o.ends = append(o.ends, int(column)*o.height+int(y))
}

func abs(n int) int { return max(n, -n) }

// Mask is the mask of an annotation in a picture of the given size: its runs, or the union of its
// polygons.
func (a Annotation) Mask(height, width int) (RLE, error) {
	if a.RLE != nil {
		if a.RLE.Height != height || a.RLE.Width != width {
			return RLE{}, fmt.Errorf("coco: the mask of annotation %d is %d x %d, its picture %d x %d "+
				"(height x width)", a.ID, a.RLE.Height, a.RLE.Width, height, width)
		}
		return *a.RLE, nil
	}
	if len(a.Polygons) == 0 {
		return RLE{}, fmt.Errorf("coco: annotation %d has no mask", a.ID)
	}
	var masks []RLE
	for _, p := range a.Polygons {
		m, err := fromPolygon(p, height, width)
		if err != nil {
			return RLE{}, fmt.Errorf("coco: annotation %d: %w", a.ID, err)
		}
		masks = append(masks, m)
	}
	return Union(masks...)
}
