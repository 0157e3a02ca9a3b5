// Package idx reads the IDX files in which MNIST and data sets like it are distributed, plain or gzip, from images and labels
// that the user has. It trusts nothing in a header: sizes are checked before memory is taken, a short or long file is an
// error, and images and labels must agree in number.
package idx

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
)

// Array is the content of an IDX file of unsigned bytes: Data has the values in row-major order, Dims the size of each axis.
type Array struct {
	Dims []int
	Data []uint8
}

// maxValues is the most values a file may have, 4 GiB: far above any file of this kind, far below an overflow.
const maxValues = 1 << 32

// Read reads one IDX file of unsigned bytes, compressed by gzip or not. It reads to the end; anything after the values is an
// error, as is a file that ends before them.
func Read(r io.Reader) (Array, error) {
	array, err := unpack(r)
	if err != nil {
		return Array{}, fmt.Errorf("idx: %w", err)
	}
	return array, nil
}

// unpack reads a file that may be compressed.
func unpack(r io.Reader) (Array, error) {
	buffered := bufio.NewReader(r)
	start, err := buffered.Peek(2)
	if err != nil || start[0] != 0x1f || start[1] != 0x8b {
		return read(buffered) // which reports the error again
	}
	unpacked, err := gzip.NewReader(buffered)
	if err != nil {
		return Array{}, err
	}
	return read(unpacked)
}

// read reads a file that is not compressed.
func read(r io.Reader) (Array, error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return Array{}, fmt.Errorf("read the first four bytes: %w", err)
	}
	if magic[0] != 0 || magic[1] != 0 || magic[2] != 0x08 || magic[3] == 0 {
		return Array{}, fmt.Errorf("a file of unsigned bytes starts with 00 00 08 and the number of axes, this one with % x", magic)
	}
	array := Array{Dims: make([]int, magic[3])}
	size := int64(1)
	for axis := range array.Dims {
		var field [4]byte
		if _, err := io.ReadFull(r, field[:]); err != nil {
			return Array{}, fmt.Errorf("read the size of axis %d: %w", axis, err)
		}
		dim := int64(field[0])<<24 | int64(field[1])<<16 | int64(field[2])<<8 | int64(field[3])
		if dim == 0 || dim > maxValues/size {
			return Array{}, fmt.Errorf("the header gives axis %d the size %d after %d values; the file is not an IDX file or is damaged", axis, dim, size)
		}
		array.Dims[axis] = int(dim)
		size *= dim
	}
	// ReadAll takes memory as the bytes come, so a header that lies cannot take more than the file has.
	data, err := io.ReadAll(io.LimitReader(r, size+1))
	if err != nil {
		return Array{}, fmt.Errorf("read values: %w", err)
	}
	if int64(len(data)) != size {
		return Array{}, fmt.Errorf("the header %v wants %d values, the file has %s", array.Dims, size, found(int64(len(data)), size))
	}
	array.Data = data
	return array, nil
}

// found says how many values there are where size were wanted.
func found(got, size int64) string {
	if got > size {
		return "more"
	}
	return fmt.Sprint(got)
}

// Images is labelled images: Pixels [n, Height, Width] in row-major order, and the class of each in Labels [n].
type Images struct {
	Height, Width  int
	Pixels, Labels []uint8
}

// Len is the number of images.
func (i Images) Len() int { return len(i.Labels) }

// ReadImages reads a file of images and the file of their labels, such as MNIST's train-images-idx3-ubyte.gz and
// train-labels-idx1-ubyte.gz.
func ReadImages(images, labels io.Reader) (Images, error) {
	pixels, err := unpack(images)
	if err != nil {
		return Images{}, fmt.Errorf("idx: images: %w", err)
	}
	classes, err := unpack(labels)
	if err != nil {
		return Images{}, fmt.Errorf("idx: labels: %w", err)
	}
	if len(pixels.Dims) != 3 || len(classes.Dims) != 1 {
		return Images{}, fmt.Errorf("idx: images should have 3 axes and labels 1, got %v and %v; are the files swapped?", pixels.Dims, classes.Dims)
	}
	if pixels.Dims[0] != classes.Dims[0] {
		return Images{}, fmt.Errorf("idx: %d images do not go with %d labels", pixels.Dims[0], classes.Dims[0])
	}
	return Images{Height: pixels.Dims[1], Width: pixels.Dims[2], Pixels: pixels.Data, Labels: classes.Data}, nil
}
