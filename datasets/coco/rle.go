package coco

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// RLE is a mask as runs of pixels that are out and in, in turn, read column by column; the first
// may be 0 long.
type RLE struct {
	Height, Width int
	Counts        []uint32
}

// maxPixels is the most pixels of a mask, so that a count fits.
const maxPixels = math.MaxUint32

// checkSize tests the size of a mask.
func checkSize(height, width int) error {
	if height < 0 || width < 0 || (height > 0 && width > maxPixels/height) {
		return fmt.Errorf("the size %d x %d (height x width) is not one of a mask", height, width)
	}
	return nil
}

// check tests that the runs fill the mask.
func (r RLE) check() error {
	if err := checkSize(r.Height, r.Width); err != nil {
		return err
	}
	var sum uint64
	for _, n := range r.Counts {
		sum += uint64(n)
	}
	if sum != uint64(r.Height)*uint64(r.Width) {
		return fmt.Errorf("the runs have %d pixels, the size %d x %d (height x width) has %d", sum,
			r.Height, r.Width, r.Height*r.Width)
	}
	return nil
}

// ParseRLE reads the text form of runs: 5 bits a character from '0', lowest first, a sixth bit if
// more follow; from the fourth run on the difference to the run before the last.
func ParseRLE(text string, height, width int) (RLE, error) {
	r := RLE{Height: height, Width: width}
	for at := 0; at < len(text); {
		start := at
		var value int64
		for shift := 0; ; shift += 5 {
			if at == len(text) {
				return RLE{}, fmt.Errorf("the text of runs ends inside run %d", len(r.Counts))
			}
			c := int64(text[at]) - '0'
			if c < 0 || c > 63 || shift > 35 {
				return RLE{}, fmt.Errorf("character %d of the runs, %q, is none of a run", at, text[at])
			}
			at++
			value |= (c & 31) << shift
			if c&32 == 0 {
				if c&16 != 0 {
					value |= -1 << (shift + 5)
				}
				break
			}
		}
		if n := len(r.Counts); n > 2 {
			value += int64(r.Counts[n-2])
		}
		if value < 0 || value > maxPixels {
			return RLE{}, fmt.Errorf("run %d, at character %d, has length %d", len(r.Counts), start, value)
		}
		r.Counts = append(r.Counts, uint32(value))
	}
	if err := r.check(); err != nil {
		return RLE{}, err
	}
	return r, nil
}

// Text is the form of the runs that [ParseRLE] reads.
func (r RLE) Text() string {
	var text []byte
	for i, n := range r.Counts {
		value := int64(n)
		if i > 2 {
			value -= int64(r.Counts[i-2])
		}
		for more := true; more; {
			c := byte(value & 31)
			value >>= 5
			if more = value != 0; c&16 != 0 {
				more = value != -1
			}
			if more {
				c |= 32
			}
			text = append(text, c+'0')
		}
	}
	return string(text)
}

// Encode is the mask of the pixels that are not 0, given row by row.
func Encode(pixels []uint8, height, width int) (RLE, error) {
	if err := checkSize(height, width); err != nil || len(pixels) != height*width {
		return RLE{}, fmt.Errorf("coco: %d pixels do not fill %d x %d (height x width)", len(pixels),
			height, width)
	}
	var ends []int
	on := false
	for i := range pixels {
		if is := pixels[i%height*width+i/height] != 0; is != on {
			ends, on = append(ends, i), is
		}
	}
	return fromEnds(append(ends, len(pixels)), height, width), nil
}

// fromEnds is the mask whose runs end at the given pixels. Runs of length 0 are joined, but for a
// first one.
func fromEnds(ends []int, height, width int) RLE {
	r := RLE{Height: height, Width: width}
	last := 0
	for i := 0; i < len(ends); i++ {
		n := ends[i] - last
		if last = ends[i]; n > 0 || i == 0 {
			r.Counts = append(r.Counts, uint32(n))
			continue
		}
		if i++; i < len(ends) { // the run before goes on
			r.Counts[len(r.Counts)-1] += uint32(ends[i] - last)
			last = ends[i]
		}
	}
	return r
}

// Decode sets the pixels of the mask to 1 and the others to 0, row by row. There must be Height
// times Width.
func (r RLE) Decode(pixels []uint8) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("coco: %w", err)
	}
	if len(pixels) != r.Height*r.Width {
		return fmt.Errorf("coco: room for %d pixels, the mask has %d x %d (height x width)", len(pixels),
			r.Height, r.Width)
	}
	at := 0
	for i, n := range r.Counts {
		for range n {
			pixels[at%r.Height*r.Width+at/r.Height] = uint8(i % 2)
			at++
		}
	}
	return nil
}

// Area is the number of pixels in the mask.
func (r RLE) Area() int {
	area := 0
	for i := 1; i < len(r.Counts); i += 2 {
		area += int(r.Counts[i])
	}
	return area
}

// Box is the smallest box around the mask; an empty mask has an empty box at 0, 0.
func (r RLE) Box() Box {
	left, top, right, bottom := r.Width, r.Height, -1, -1
	at := 0
	for i, n := range r.Counts {
		first, last := at, at+int(n)-1
		if at += int(n); i%2 == 0 || n == 0 {
			continue
		}
		left, right = min(left, first/r.Height), max(right, last/r.Height)
		if first/r.Height != last/r.Height { // the end of a column and the start of the next
			top, bottom = 0, r.Height-1
			continue
		}
		top, bottom = min(top, first%r.Height), max(bottom, last%r.Height)
	}
	if right < 0 {
		return Box{}
	}
	return Box{float64(left), float64(top), float64(right - left + 1), float64(bottom - top + 1)}
}

// sweep calls visit with each run over which a and b are constant.
func sweep(a, b RLE, visit func(inA, inB bool, n int)) {
	i, j := 0, 0
	var leftA, leftB uint32
	for {
		for ; leftA == 0 && i < len(a.Counts); i++ {
			leftA = a.Counts[i]
		}
		for ; leftB == 0 && j < len(b.Counts); j++ {
			leftB = b.Counts[j]
		}
		n := min(leftA, leftB)
		if n == 0 {
			return
		}
		visit(i%2 == 0, j%2 == 0, int(n))
		leftA -= n
		leftB -= n
	}
}

var errSizes = errors.New("coco: masks of different sizes")

// Union is the mask of the pixels that are in any of the masks.
func Union(masks ...RLE) (RLE, error) {
	if len(masks) == 0 {
		return RLE{}, errors.New("coco: the union of no masks")
	}
	all := masks[0]
	for _, m := range masks[1:] {
		if m.Height != all.Height || m.Width != all.Width {
			return RLE{}, errSizes
		}
		var ends []int
		at, on := 0, false
		sweep(all, m, func(inA, inB bool, n int) {
			if is := inA || inB; is != on {
				ends, on = append(ends, at), is
			}
			at += n
		})
		all = fromEnds(append(ends, at), all.Height, all.Width)
	}
	all.Counts = slices.Clone(all.Counts)
	return all, nil
}

// IoU is the intersection of two masks over their union; 0 if they do not meet. If truth is a crowd
// it is over the area of found.
func IoU(found, truth RLE, crowd bool) (float64, error) {
	if found.Height != truth.Height || found.Width != truth.Width {
		return 0, errSizes
	}
	common := 0
	sweep(found, truth, func(inA, inB bool, n int) {
		if inA && inB {
			common += n
		}
	})
	switch {
	case common == 0:
		return 0, nil
	case crowd:
		return float64(common) / float64(found.Area()), nil
	}
	return float64(common) / float64(found.Area()+truth.Area()-common), nil
}

// BoxIoU is the same of boxes.
func BoxIoU(found, truth Box, crowd bool) float64 {
	width := min(found.X+found.Width, truth.X+truth.Width) - max(found.X, truth.X)
	height := min(found.Y+found.Height, truth.Y+truth.Height) - max(found.Y, truth.Y)
	if width <= 0 || height <= 0 {
		return 0
	}
	common, area := width*height, found.Width*found.Height
	if crowd {
		return common / area
	}
	return common / (area + truth.Width*truth.Height - common)
}
