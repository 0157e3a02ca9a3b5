package coco

// Image is a picture, without its pixels.
type Image struct {
	ID       int64
	FileName string
	// Width and Height are 0 where the file does not say.
	Width, Height int
	// Negative lists categories that are known to be absent, NotExhaustive those of which not every
	// instance is annotated (LVIS).
	Negative, NotExhaustive []int64
}

// Category is a class of objects or of stuff.
type Category struct {
	ID                  int64
	Name, Supercategory string
	// Keypoints names the key points of an instance. Skeleton lists the pairs that are joined, by
	// number as in the file (COCO: from 1).
	Keypoints []string
	Skeleton  [][2]int
	// Stuff says that a panoptic file has isthing 0.
	Stuff bool
	// Frequency is LVIS's r (rare), c (common) or f (frequent).
	Frequency string
}

// Box is a rectangle in pixels; X and Y are its upper left corner.
type Box struct{ X, Y, Width, Height float64 }

// Empty says whether the box has no area. Such boxes occur in published files.
func (b Box) Empty() bool { return b.Width <= 0 || b.Height <= 0 }

// Keypoint is a point with COCO's visibility: 0 not labelled, 1 labelled but hidden, 2 visible.
type Keypoint struct {
	X, Y       float64
	Visibility int
}

// Annotation is one object, stuff region or caption, or all segments of a picture.
type Annotation struct {
	ID, ImageID, CategoryID int64
	Box                     *Box // nil if there is none
	Area                    float64
	Crowd                   bool
	// Polygons are the outlines x, y, x, y, ... of a mask, RLE its runs. One or both are nil.
	Polygons [][]float64
	RLE      *RLE
	// Keypoints are those of the category, in its order.
	Keypoints []Keypoint
	Caption   string
	// PanopticFile is the PNG of a panoptic annotation, Segments are what it shows.
	PanopticFile string
	Segments     []Segment

	hasID, hasCategory bool // there is one, and it must be right
}

// Segment is a region of a panoptic PNG.
type Segment struct {
	ID, CategoryID int64
	Box            *Box
	Area           float64
	Crowd          bool
}

// Record is one entry of a file: exactly one of the three is not nil.
type Record struct {
	Image      *Image
	Annotation *Annotation
	Category   *Category
	// Offset and Size are the bytes of the file where it stands.
	Offset int64
	Size   int
}

// Picture is an image and what is annotated in it.
type Picture struct {
	Image
	Annotations []Annotation
}
