package coco

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
)

// File is an open file of annotations and its index.
type File struct {
	r          io.ReaderAt
	close      func() error
	name       string // begins errors
	images     []Image
	byImage    map[int64]int
	categories []Category
	byCategory map[int64]int
	places     []place // of annotations, those of an image together
	starts     []int   // of each image's annotations in places, and the end of the last
}

// place is where an annotation stands.
type place struct {
	image      int // its number in images
	offset     int64
	size       int32
	id         int64
	hasID      bool
	categories []int64 // those that it names
}

// Open reads the file at path once and indexes it; errors name it. Call [File.Close].
func Open(path string, o Options) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("coco: %w", err)
	}
	file, err := newFile(f, path+": ", o)
	if err != nil {
		f.Close()
		return nil, err
	}
	file.close = f.Close
	return file, nil
}

// NewFile is Open for a file that is open already.
func NewFile(r io.ReaderAt, o Options) (*File, error) { return newFile(r, "", o) }

func newFile(r io.ReaderAt, name string, o Options) (*File, error) {
	f := &File{r: r, name: name, close: func() error { return nil }, byImage: map[int64]int{},
		byCategory: map[int64]int{}}
	s := scanner{r: bufio.NewReaderSize(io.NewSectionReader(r, 0, math.MaxInt64), 1<<16),
		max: min(o.maxBytes(), math.MaxInt32)}
	broken := func(err error) error {
		if o.Broken == nil {
			return err
		}
		o.Broken(f.fail(err))
		return nil
	}
	err := s.file(func(section string, offset int64) error {
		if err := f.add(section, s.record, offset); err != nil {
			return broken(err)
		}
		return nil
	})
	if err == nil {
		err = f.index(broken)
	}
	if err != nil {
		return nil, f.fail(err)
	}
	return f, nil
}

func (f *File) fail(err error) error { return fmt.Errorf("coco: %s%w", f.name, err) }

// add puts a record into the index.
func (f *File) add(section string, record []byte, offset int64) error {
	r, err := parse(section, record, offset)
	if err != nil {
		return err
	}
	switch {
	case r.Image != nil:
		if _, twice := f.byImage[r.Image.ID]; twice {
			return errorAt(offset, "the image id %d stands twice", r.Image.ID)
		}
		f.byImage[r.Image.ID] = len(f.images)
		f.images = append(f.images, *r.Image)
	case r.Category != nil:
		if _, twice := f.byCategory[r.Category.ID]; twice {
			return errorAt(offset, "the category id %d stands twice", r.Category.ID)
		}
		f.byCategory[r.Category.ID] = -1
		f.categories = append(f.categories, *r.Category)
	default:
		f.places = append(f.places, placeOf(r))
	}
	return nil
}
