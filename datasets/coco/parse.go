package coco

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
)

// The forms of records in a file.
type (
	imageJSON struct {
		ID            *int64  `json:"id"`
		FileName      string  `json:"file_name"`
		URL           string  `json:"coco_url"`
		Width         int     `json:"width"`
		Height        int     `json:"height"`
		Negative      []int64 `json:"neg_category_ids"`
		NotExhaustive []int64 `json:"not_exhaustive_category_ids"`
	}
	categoryJSON struct {
		ID            *int64   `json:"id"`
		Name          *string  `json:"name"`
		Supercategory string   `json:"supercategory"`
		Keypoints     []string `json:"keypoints"`
		Skeleton      [][]int  `json:"skeleton"`
		IsThing       *flag    `json:"isthing"`
		Frequency     string   `json:"frequency"`
	}
	annotationJSON struct {
		ID           *int64          `json:"id"`
		ImageID      *int64          `json:"image_id"`
		CategoryID   *int64          `json:"category_id"`
		Box          []float64       `json:"bbox"`
		Area         float64         `json:"area"`
		Crowd        flag            `json:"iscrowd"`
		Segmentation json.RawMessage `json:"segmentation"`
		Keypoints    []float64       `json:"keypoints"`
		Caption      *string         `json:"caption"`
		FileName     string          `json:"file_name"`
		Segments     []segmentJSON   `json:"segments_info"`
	}
	segmentJSON struct {
		ID         *int64    `json:"id"`
		CategoryID *int64    `json:"category_id"`
		Box        []float64 `json:"bbox"`
		Area       float64   `json:"area"`
		Crowd      flag      `json:"iscrowd"`
	}
)

// flag is 0, 1, false or true.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "1", "true":
		*f = true
	case "0", "false", "null":
		*f = false
	default:
		return fmt.Errorf("%.20s is neither 0 nor 1", text)
	}
	return nil
}

// unmarshal is json.Unmarshal with the byte of an error, counted from offset.
func unmarshal(record []byte, offset int64, v any) error {
	err := json.Unmarshal(record, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return errorAt(offset+max(syntax.Offset-1, 0), "%w", err)
	case errors.As(err, &kind):
		return errorAt(offset+kind.Offset, "%s of the record at byte %d is a %s; wanted %s", kind.Field, offset, kind.Value, kind.Type)
	}
	return errorAt(offset, "%w", err)
}

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

func parseImage(record []byte, offset int64) (*Image, error) {
	var j imageJSON
	if err := unmarshal(record, offset, &j); err != nil {
		return nil, err
	}
	if j.ID == nil {
		return nil, errorAt(offset, "the image has no id")
	}
	if j.FileName == "" {
		j.FileName = path.Base(j.URL)
	}
	if j.FileName == "" || j.FileName == "." || j.FileName == "/" {
		return nil, errorAt(offset, "image %d has no file_name", *j.ID)
	}
	if j.Width < 0 || j.Height < 0 {
		return nil, errorAt(offset, "image %d has %d x %d pixels", *j.ID, j.Width, j.Height)
	}
	return &Image{ID: *j.ID, FileName: j.FileName, Width: j.Width, Height: j.Height, Negative: j.Negative, NotExhaustive: j.NotExhaustive}, nil
}

func parseCategory(record []byte, offset int64) (*Category, error) {
	var j categoryJSON
	if err := unmarshal(record, offset, &j); err != nil {
		return nil, err
	}
	if j.ID == nil || j.Name == nil {
		return nil, errorAt(offset, "the category has no id or no name")
	}
	c := &Category{ID: *j.ID, Name: *j.Name, Supercategory: j.Supercategory, Keypoints: j.Keypoints, Frequency: j.Frequency}
	c.Stuff = j.IsThing != nil && !bool(*j.IsThing)
	for _, pair := range j.Skeleton {
		if len(pair) != 2 {
			return nil, errorAt(offset, "category %d joins %d key points %v; wanted pairs", c.ID, len(pair), pair)
		}
		c.Skeleton = append(c.Skeleton, [2]int(pair))
	}
	return c, nil
}

func parseAnnotation(record []byte, offset int64) (*Annotation, error) {
	var j annotationJSON
	if err := unmarshal(record, offset, &j); err != nil {
		return nil, err
	}
	a := &Annotation{Area: j.Area, Crowd: bool(j.Crowd), PanopticFile: j.FileName, hasID: j.ID != nil}
	panoptic := j.Segments != nil
	a.hasCategory = j.CategoryID != nil && j.Caption == nil && !panoptic
	if j.ID != nil {
		a.ID = *j.ID
	}
	fail := func(err error) (*Annotation, error) { return nil, errorAt(offset, "annotation %d: %w", a.ID, err) }
	switch {
	case j.ImageID == nil:
		return fail(errors.New("it has no image_id"))
	case j.ID == nil && !panoptic:
		return fail(errors.New("it has no id"))
	case j.CategoryID == nil && j.Caption == nil && !panoptic:
		return fail(errors.New("it has no category_id"))
	case panoptic && j.FileName == "":
		return fail(errors.New("it has segments and no file_name"))
	}
	a.ImageID = *j.ImageID
	if a.hasCategory {
		a.CategoryID = *j.CategoryID
	}
	if j.Caption != nil {
		a.Caption = *j.Caption
	}
	var err error
	if a.Box, err = parseBox(j.Box); err != nil {
		return fail(err)
	}
	if a.Polygons, a.RLE, err = parseSegmentation(j.Segmentation); err != nil {
		return fail(err)
	}
	if a.Keypoints, err = parseKeypoints(j.Keypoints); err != nil {
		return fail(err)
	}
	if a.Segments, err = parseSegments(j.Segments); err != nil {
		return fail(err)
	}
	return a, nil
}

func parseBox(b []float64) (*Box, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) != 4 {
		return nil, fmt.Errorf("bbox has %d numbers; wanted x, y, width, height", len(b))
	}
	if b[2] < 0 || b[3] < 0 {
		return nil, fmt.Errorf("bbox %v has a negative size; wanted x, y, width, height", b)
	}
	return &Box{b[0], b[1], b[2], b[3]}, nil
}

func parseSegmentation(text []byte) ([][]float64, *RLE, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return nil, nil, nil
	}
	if text[0] == '{' {
		rle, err := parseRuns(text)
		return nil, rle, err
	}
	var polygons [][]float64
	if err := json.Unmarshal(text, &polygons); err != nil {
		return nil, nil, fmt.Errorf("segmentation: %w; wanted lists of numbers, or counts and size", err)
	}
	if len(polygons) == 0 {
		return nil, nil, nil
	}
	for i, p := range polygons {
		if len(p) < 6 || len(p)%2 != 0 {
			return nil, nil, fmt.Errorf("polygon %d has %d numbers; wanted x and y of at least 3 points", i, len(p))
		}
	}
	return polygons, nil, nil
}

// parseRuns reads counts, as numbers or as a text, and size.
func parseRuns(text []byte) (*RLE, error) {
	var j struct {
		Size   []int           `json:"size"`
		Counts json.RawMessage `json:"counts"`
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, fmt.Errorf("segmentation: %w", err)
	}
	if len(j.Size) != 2 {
		return nil, fmt.Errorf("segmentation has size %v; wanted height and width", j.Size)
	}
	r := RLE{Height: j.Size[0], Width: j.Size[1]}
	var err error
	if bytes.HasPrefix(j.Counts, []byte(`"`)) {
		var s string
		if err = json.Unmarshal(j.Counts, &s); err == nil {
			r, err = ParseRLE(s, r.Height, r.Width)
		}
	} else if err = json.Unmarshal(j.Counts, &r.Counts); err == nil {
		err = r.check()
	} else {
		err = fmt.Errorf("counts: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("segmentation: %w", err)
	}
	return &r, nil
}

func parseKeypoints(numbers []float64) ([]Keypoint, error) {
	if len(numbers)%3 != 0 {
		return nil, fmt.Errorf("keypoints has %d numbers; wanted x, y and visibility of each point", len(numbers))
	}
	var points []Keypoint
	for i := 0; i < len(numbers); i += 3 {
		v := numbers[i+2]
		if v != 0 && v != 1 && v != 2 {
			return nil, fmt.Errorf("key point %d has visibility %v; wanted 0, 1 or 2", i/3, v)
		}
		points = append(points, Keypoint{numbers[i], numbers[i+1], int(v)})
	}
	return points, nil
}

func parseSegments(list []segmentJSON) ([]Segment, error) {
	var segments []Segment
	seen := map[int64]bool{0: true}
	for i, j := range list {
		if j.ID == nil || j.CategoryID == nil {
			return nil, fmt.Errorf("segment %d has no id or no category_id", i)
		}
		if *j.ID < 1 || *j.ID >= 1<<24 || seen[*j.ID] {
			return nil, fmt.Errorf("segment %d has id %d, which stands twice or is not in 1 to %d", i, *j.ID, 1<<24-1)
		}
		seen[*j.ID] = true
		box, err := parseBox(j.Box)
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", i, err)
		}
		segments = append(segments, Segment{*j.ID, *j.CategoryID, box, j.Area, bool(j.Crowd)})
	}
	return segments, nil
}
