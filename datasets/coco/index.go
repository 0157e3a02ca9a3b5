package coco

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// placeOf is where an annotation stands; its image is still an id.
func placeOf(r Record) place {
	a := r.Annotation
	p := place{image: int(a.ImageID), offset: r.Offset, size: int32(r.Size), id: a.ID, hasID: a.hasID}
	if a.hasCategory {
		p.categories = []int64{a.CategoryID}
	}
	for _, s := range a.Segments {
		p.categories = append(p.categories, s.CategoryID)
	}
	return p
}

// index numbers the categories, and brings the annotations of an image together; broken decides
// about those that do not fit.
func (f *File) index(broken func(error) error) error {
	slices.SortFunc(f.categories, func(a, b Category) int { return cmp.Compare(a.ID, b.ID) })
	for class, c := range f.categories {
		f.byCategory[c.ID] = class
	}
	fit := f.places[:0]
	for _, p := range f.places {
		image, err := f.fits(p)
		if err != nil {
			if err := broken(err); err != nil {
				return err
			}
			continue
		}
		p.image = image
		fit = append(fit, p)
	}
	var err error
	if f.places, err = unique(fit, broken); err != nil {
		return err
	}
	slices.SortFunc(f.places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.image, b.image),
			cmp.Compare(a.offset, b.offset))
	})
	f.starts = make([]int, len(f.images)+1)
	for _, p := range f.places {
		f.starts[p.image+1]++
	}
	for i := range f.images {
		f.starts[i+1] += f.starts[i]
	}
	return nil
}

// fits tests that the image and the categories of an annotation exist, and returns the number of
// the image.
func (f *File) fits(p place) (int, error) {
	image, known := f.byImage[int64(p.image)]
	if !known {
		return 0, errorAt(p.offset, "annotation %d is of the image %d, which the file does not have",
			p.id, p.image)
	}
	for _, id := range p.categories {
		if _, known := f.byCategory[id]; !known {
			return 0, errorAt(p.offset, "annotation %d is of the category %d, which the file does not have",
				p.id, id)
		}
	}
	return image, nil
}

// unique leaves out annotations whose id stands before.
func unique(places []place, broken func(error) error) ([]place, error) {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.id, b.id),
			cmp.Compare(a.offset, b.offset))
	})
	fit := places[:0]
	for _, p := range places {
		if n := len(fit); n > 0 && p.hasID && fit[n-1].hasID && fit[n-1].id == p.id {
			if err := broken(errorAt(p.offset, "the annotation id %d stands twice", p.id)); err != nil {
				return nil, err
			}
			continue
		}
		fit = append(fit, p)
	}
	return fit, nil
}

// Images lists the pictures in the order of the file.
func (f *File) Images() []Image { return slices.Clone(f.images) }

// Categories lists the categories by id. Their place in the list is their class.
func (f *File) Categories() []Category { return slices.Clone(f.categories) }

// Class is the number of a category, from 0 in the order of ids, without gaps; -1 if there is none
// of that id.
func (f *File) Class(categoryID int64) int {
	if class, known := f.byCategory[categoryID]; known {
		return class
	}
	return -1
}

// Annotations is the number of annotations.
func (f *File) Annotations() int { return len(f.places) }

// Close closes the file, if Open opened it.
func (f *File) Close() error { return f.close() }

// Pictures yields each picture with its annotations, in the order of the file. An error stands for
// a picture whose annotations could not be read, such as those of a file that was changed; the next
// one follows.
func (f *File) Pictures() iter.Seq2[Picture, error] {
	return func(yield func(Picture, error) bool) {
		for i := range f.images {
			if !yield(f.Picture(i)) {
				return
			}
		}
	}
}

// Picture reads the annotations of picture i, counted as in Images.
func (f *File) Picture(i int) (Picture, error) {
	if i < 0 || i >= len(f.images) {
		return Picture{}, f.fail(fmt.Errorf("no picture %d; there are %d", i, len(f.images)))
	}
	p := Picture{Image: f.images[i]}
	var record []byte
	for _, place := range f.places[f.starts[i]:f.starts[i+1]] {
		record = slices.Grow(record[:0], int(place.size))[:place.size]
		if n, err := f.r.ReadAt(record, place.offset); n < len(record) {
			return Picture{}, f.fail(errorAt(place.offset+int64(n), "read: %w", err))
		}
		a, err := parseAnnotation(record, place.offset)
		if err == nil && (a.ID != place.id || a.ImageID != p.ID) {
			err = errorAt(place.offset, "%w", errors.New("the file was changed since it was opened"))
		}
		if err != nil {
			return Picture{}, f.fail(err)
		}
		p.Annotations = append(p.Annotations, *a)
	}
	return p, nil
}
