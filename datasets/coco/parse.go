package coco

import (
	"errors"
	"fmt"
	"math"
	"path"
)

// parse reads a record of a section.
func parse(section string, record []byte, offset int64) (Record, error) {
	r := Record{Offset: offset, Size: len(record)}
	var err error
	switch section {
	case "images":
		r.Image, err = parseImage(record, offset)
	case "categories":
		r.Category, err = parseCategory(record, offset)
	default:
		r.Annotation, err = parseAnnotation(record, offset)
	}
	if err != nil {
		return Record{}, err
	}
	return r, nil
}

// size reads a number of pixels.
func (c *cursor) size() int {
	n := c.integer()
	if n < 0 || n > math.MaxInt32 {
		c.fail(c.at-1, "%d is no number of pixels", n)
		return 0
	}
	return int(n)
}

func parseImage(record []byte, offset int64) (*Image, error) {
	c := cursor{text: record, base: offset}
	var i Image
	var url string
	hasID := false
	c.object(func(key string) {
		switch key {
		case "id":
			i.ID, hasID = c.integer(), true
		case "file_name":
			i.FileName = c.str()
		case "coco_url":
			url = c.str()
		case "width":
			i.Width = c.size()
		case "height":
			i.Height = c.size()
		case "neg_category_ids":
			i.Negative = c.integers()
		case "not_exhaustive_category_ids":
			i.NotExhaustive = c.integers()
		default:
			c.skip()
		}
	})
	if err := c.end(); err != nil {
		return nil, err
	}
	if !hasID {
		return nil, errorAt(offset, "the image has no id")
	}
	if i.FileName == "" && url != "" {
		i.FileName = path.Base(url)
	}
	if i.FileName == "" || i.FileName == "/" {
		return nil, errorAt(offset, "image %d has no file_name", i.ID)
	}
	return &i, nil
}

func parseCategory(record []byte, offset int64) (*Category, error) {
	c := cursor{text: record, base: offset}
	var k Category
	hasID, hasName := false, false
	c.object(func(key string) {
		switch key {
		case "id":
			k.ID, hasID = c.integer(), true
		case "name":
			k.Name, hasName = c.str(), true
		case "supercategory":
			k.Supercategory = c.str()
		case "keypoints":
			c.list(func() { k.Keypoints = append(k.Keypoints, c.str()) })
		case "skeleton":
			c.list(func() { k.Skeleton = append(k.Skeleton, c.pair()) })
		case "isthing":
			k.Stuff = !c.flag()
		case "frequency":
			k.Frequency = c.str()
		default:
			c.skip()
		}
	})
	if err := c.end(); err != nil {
		return nil, err
	}
	if !hasID || !hasName {
		return nil, errorAt(offset, "the category has no id or no name")
	}
	return &k, nil
}

// pair reads two whole numbers.
func (c *cursor) pair() [2]int {
	at := c.at
	numbers := c.integers()
	if c.err == nil && len(numbers) != 2 {
		c.fail(at, "%d numbers stand where a pair was wanted", len(numbers))
	}
	if c.err != nil {
		return [2]int{}
	}
	return [2]int{int(numbers[0]), int(numbers[1])}
}

func parseAnnotation(record []byte, offset int64) (*Annotation, error) {
	c := cursor{text: record, base: offset}
	var a Annotation
	hasImage, caption, panoptic := false, false, false
	c.object(func(key string) {
		switch key {
		case "id":
			a.ID, a.hasID = c.integer(), true
		case "image_id":
			a.ImageID, hasImage = c.integer(), true
		case "category_id":
			a.CategoryID, a.hasCategory = c.integer(), true
		case "bbox":
			a.Box = c.box()
		case "area":
			a.Area = c.number()
		case "iscrowd":
			a.Crowd = c.flag()
		case "segmentation":
			a.Polygons, a.RLE = c.segmentation()
		case "keypoints":
			a.Keypoints = c.keypoints()
		case "caption":
			a.Caption, caption = c.str(), true
		case "file_name":
			a.PanopticFile = c.str()
		case "segments_info":
			a.Segments, panoptic = c.segments(), true
		default:
			c.skip()
		}
	})
	err := c.end()
	switch {
	case err != nil:
	case !hasImage:
		err = errors.New("it has no image_id")
	case !a.hasID && !panoptic:
		err = errors.New("it has no id")
	case !a.hasCategory && !caption && !panoptic:
		err = errors.New("it has no category_id")
	case panoptic && a.PanopticFile == "":
		err = errors.New("it has segments and no file_name")
	}
	if err != nil && c.err == nil {
		err = errorAt(offset, "annotation %d: %w", a.ID, err)
	}
	if err != nil {
		return nil, err
	}
	if caption || panoptic {
		a.CategoryID, a.hasCategory = 0, false
	}
	return &a, nil
}

// box reads x, y, width and height.
func (c *cursor) box() *Box {
	c.peek()
	at := c.at
	b := c.numbers()
	switch {
	case c.err != nil || len(b) == 0:
		return nil
	case len(b) != 4:
		c.fail(at, "it has %d numbers; wanted x, y, width, height", len(b))
		return nil
	case b[2] < 0 || b[3] < 0:
		c.fail(at, "%v has a negative size; wanted x, y, width, height", b)
		return nil
	}
	return &Box{b[0], b[1], b[2], b[3]}
}

func (c *cursor) keypoints() (points []Keypoint) {
	c.peek()
	at := c.at
	numbers := c.numbers()
	if c.err == nil && len(numbers)%3 != 0 {
		c.fail(at, "it has %d numbers; wanted x, y and visibility of each point", len(numbers))
	}
	for i := 0; i < len(numbers) && c.err == nil; i += 3 {
		v := numbers[i+2]
		if v != 0 && v != 1 && v != 2 {
			c.fail(at, "key point %d has visibility %v; wanted 0, 1 or 2", i/3, v)
		}
		points = append(points, Keypoint{numbers[i], numbers[i+1], int(v)})
	}
	return points
}

func (c *cursor) segments() (segments []Segment) {
	seen := map[int64]bool{0: true}
	c.list(func() {
		c.peek()
		at := c.at
		var s Segment
		hasID, hasCategory := false, false
		c.object(func(key string) {
			switch key {
			case "id":
				s.ID, hasID = c.integer(), true
			case "category_id":
				s.CategoryID, hasCategory = c.integer(), true
			case "bbox":
				s.Box = c.box()
			case "area":
				s.Area = c.number()
			case "iscrowd":
				s.Crowd = c.flag()
			default:
				c.skip()
			}
		})
		switch {
		case c.err != nil:
		case !hasID || !hasCategory:
			c.fail(at, "segment %d has no id or no category_id", len(segments))
		case s.ID < 1 || s.ID >= 1<<24 || seen[s.ID]:
			c.fail(at, "segment %d has id %d, which stands twice or is not in 1 to %d", len(segments), s.ID,
				1<<24-1)
		}
		seen[s.ID] = true
		segments = append(segments, s)
	})
	return segments
}

// errorAt is an error at a byte.
func errorAt(at int64, format string, args ...any) error {
	return fmt.Errorf("byte %d: %w", at, fmt.Errorf(format, args...))
}
