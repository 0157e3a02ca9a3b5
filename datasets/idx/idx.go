// Package idx reads the IDX files in which MNIST and data sets like it are distributed, plain or gzip, from images and labels
// that the user has. It trusts nothing in a header: memory grows with the values that come and never above what the header says, a short or long file is an
// error, and images and labels must agree in number.
package idx

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Array is the content of an IDX file of unsigned bytes: Data has the values in row-major order, Dims the size of each axis.
type Array struct {
	Dims []int
	Data []uint8
}

// maxValues is the most values a file may have, 1 GiB: above any data set of this kind that is read whole.
const maxValues = 1 << 30

// Read reads one IDX file of unsigned bytes, compressed by gzip or not. It reads to the end; anything after the values is an
// error, as is a file that ends before them.
func Read(r io.Reader) (Array, error) {
	f, err := open(r)
	if err != nil {
		return Array{}, fmt.Errorf("idx: %w", err)
	}
	data, err := f.values()
	if err != nil {
		return Array{}, fmt.Errorf("idx: %w", err)
	}
	return Array{Dims: f.dims, Data: data}, nil
}

// file is a file whose header was read: dims are the sizes of its axes, and r has its values.
type file struct {
	dims []int
	size int // number of values
	r    io.Reader
}

// open reads the header of a file that may be compressed.
func open(r io.Reader) (file, error) {
	buffered := bufio.NewReader(r)
	start, err := buffered.Peek(2)
	if err != nil || start[0] != 0x1f || start[1] != 0x8b {
		return header(buffered) // which reports the error again
	}
	unpacked, err := gzip.NewReader(buffered)
	if err != nil {
		return file{}, err
	}
	return header(unpacked)
}

// header reads the header of a file that is not compressed.
func header(r io.Reader) (file, error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return file{}, fmt.Errorf("read the first four bytes: %w", err)
	}
	if magic[0] != 0 || magic[1] != 0 || magic[2] != 0x08 || magic[3] == 0 {
		return file{}, fmt.Errorf("a file of unsigned bytes starts with 00 00 08 and the number of axes, this one with % x", magic)
	}
	f := file{dims: make([]int, magic[3]), size: 1, r: r}
	for axis := range f.dims {
		var field [4]byte
		if _, err := io.ReadFull(r, field[:]); err != nil {
			return file{}, fmt.Errorf("read the size of axis %d: %w", axis, err)
		}
		dim := int64(binary.BigEndian.Uint32(field[:]))
		if dim == 0 || dim > int64(maxValues/f.size) {
			return file{}, fmt.Errorf("the header gives axis %d the size %d after %d values; wanted 1 or more, and at most %d values in all", axis, dim, f.size, maxValues)
		}
		f.dims[axis] = int(dim)
		f.size *= int(dim)
	}
	return f, nil
}

// values reads the values that the header promises, and the end after them. Memory grows as they come, up to what was promised: a header that lies cannot take more
// than the file has, and a compressed file no more than its header says.
func (f file) values() ([]uint8, error) {
	data := make([]uint8, 0, min(f.size, 1<<20))
	for len(data) < f.size {
		if len(data) == cap(data) {
			data = append(make([]uint8, 0, min(f.size, 2*cap(data))), data...)
		}
		n, err := io.ReadFull(f.r, data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("the header %v wants %d values, the file has %d: %w", f.dims, f.size, len(data), io.ErrUnexpectedEOF)
		}
		if err != nil {
			return nil, fmt.Errorf("read values: %w", err)
		}
	}
	var more [1]byte
	switch _, err := io.ReadFull(f.r, more[:]); {
	case err == nil:
		return nil, fmt.Errorf("the header %v wants %d values, the file has more", f.dims, f.size)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("read to the end: %w", err) // a wrong checksum is seen here
	}
	return data, nil
}

// Images is labelled images: Pixels [n, Height, Width] in row-major order, and the class of each in Labels [n].
type Images struct {
	Height, Width  int
	Pixels, Labels []uint8
}

// Len is the number of images.
func (i Images) Len() int { return len(i.Labels) }

// ReadImages reads a file of images and the file of their labels, such as MNIST's train-images-idx3-ubyte.gz and
// train-labels-idx1-ubyte.gz. It compares the two headers before it reads values.
func ReadImages(images, labels io.Reader) (Images, error) {
	pixels, err := open(images)
	if err != nil {
		return Images{}, fmt.Errorf("idx: images: %w", err)
	}
	classes, err := open(labels)
	if err != nil {
		return Images{}, fmt.Errorf("idx: labels: %w", err)
	}
	if len(pixels.dims) != 3 || len(classes.dims) != 1 {
		return Images{}, fmt.Errorf("idx: images should have 3 axes and labels 1, got %v and %v; are the files swapped?", pixels.dims, classes.dims)
	}
	if pixels.dims[0] != classes.dims[0] {
		return Images{}, fmt.Errorf("idx: %d images do not go with %d labels", pixels.dims[0], classes.dims[0])
	}
	read := Images{Height: pixels.dims[1], Width: pixels.dims[2]}
	if read.Labels, err = classes.values(); err != nil {
		return Images{}, fmt.Errorf("idx: labels: %w", err)
	}
	if read.Pixels, err = pixels.values(); err != nil {
		return Images{}, fmt.Errorf("idx: images: %w", err)
	}
	return read, nil
}
