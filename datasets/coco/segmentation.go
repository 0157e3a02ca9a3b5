package coco

import "slices"

// segmentation reads polygons or runs.
func (c *cursor) segmentation() (polygons [][]float64, rle *RLE) {
	if c.peek() == '{' {
		return nil, c.runs()
	}
	var buffer []float64
	c.list(func() {
		c.peek()
		at := c.at
		buffer = buffer[:0]
		c.list(func() { buffer = append(buffer, c.number()) })
		if c.err == nil && (len(buffer) < 6 || len(buffer)%2 != 0) {
			c.fail(at, "polygon %d has %d numbers; wanted x and y of at least 3 points", len(polygons),
				len(buffer))
		}
		polygons = append(polygons, slices.Clone(buffer))
	})
	return polygons, nil
}

// runs reads counts, as numbers or as a text, and size.
func (c *cursor) runs() *RLE {
	at := c.at
	var r RLE
	text, isText := "", false
	size := [2]int{-1, -1}
	c.object(func(key string) {
		switch {
		case key == "size":
			size = c.pair()
		case key == "counts" && c.peek() == '"':
			text, isText = c.str(), true
		case key == "counts":
			c.list(func() { r.Counts = append(r.Counts, c.count()) })
		default:
			c.skip()
		}
	})
	if c.err != nil {
		return nil
	}
	if size[0] < 0 || size[1] < 0 {
		c.fail(at, "the runs have no size; wanted height and width")
		return nil
	}
	var err error
	if r.Height, r.Width = size[0], size[1]; isText {
		r, err = ParseRLE(text, r.Height, r.Width)
	} else {
		err = r.check()
	}
	if err != nil {
		c.fail(at, "%w", err)
		return nil
	}
	return &r
}

// count reads the length of a run.
func (c *cursor) count() uint32 {
	n := c.integer()
	if n < 0 || n > maxPixels {
		c.fail(c.at-1, "a run has length %d", n)
		return 0
	}
	return uint32(n)
}
