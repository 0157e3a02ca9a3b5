package cifar

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// Size is the height and the width of a picture.
const Size = 32

// Record is a picture and its labels.
type Record struct {
	// Index is its number in the file, from 0.
	Index int
	// Labels are its classes, one for each of Format.Labels.
	Labels []int
	// Pixels are 32 x 32 values of red, then of green, then of blue, row by row.
	Pixels []uint8
}

// RGB is the picture with the three values of a pixel together, row by row.
func (r Record) RGB() []uint8 {
	const plane = Size * Size
	rgb := make([]uint8, len(r.Pixels))
	for i, v := range r.Pixels {
		rgb[i%plane*3+i/plane] = v
	}
	return rgb
}

// Train yields the records of the training files in a folder, which must be complete. An error of
// one record is followed by the next; one of a file ends it.
func (f Format) Train(dir string) iter.Seq2[Record, error] {
	return f.files(dir, f.TrainFiles, f.TrainCount)
}

// Test is Train with the test files.
func (f Format) Test(dir string) iter.Seq2[Record, error] {
	return f.files(dir, f.TestFiles, f.TestCount)
}

func (f Format) files(dir string, names []string, want int) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			count, whole := 0, true
			for r, err := range f.Open(path) {
				if count++; !yield(r, err) {
					return
				}
				whole = err == nil || !errors.As(err, new(*fileError))
			}
			if !whole {
				return
			}
			if count != want {
				yield(Record{}, fmt.Errorf("cifar: %s has %d records; %s has %d there: was the file cut off?",
					path, count, f.Name, want))
				return
			}
		}
	}
}

// Open yields the records of the file at path, as [Format.Read] does; errors name the file.
func (f Format) Open(path string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(Record{}, &fileError{fmt.Errorf("cifar: %w", err)})
			return
		}
		defer file.Close()
		f.read(file, path+": ", yield)
	}
}

// Read yields the records of r. An error of one record is followed by the next; one of the file
// ends it.
func (f Format) Read(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { f.read(r, "", yield) }
}

// fileError is an error after which nothing can be read.
type fileError struct{ err error }

// Error implements error.
func (e *fileError) Error() string { return e.err.Error() }

// Unwrap implements the interface of package errors.
func (e *fileError) Unwrap() error { return e.err }

func (f Format) read(source io.Reader, name string, yield func(Record, error) bool) {
	fail := func(format string, args ...any) bool {
		return yield(Record{}, &fileError{fmt.Errorf("cifar: %s%w", name, fmt.Errorf(format, args...))})
	}
	r := bufio.NewReaderSize(source, 1<<16)
	start, _ := r.Peek(3)
	if kind := otherKind(start); kind != "" {
		fail("byte 0: it is %s", kind)
		return
	}
	labels := len(f.Labels)
	size := labels + 3*Size*Size
	buffer := make([]byte, size)
	for i := 0; ; i++ {
		at := int64(i) * int64(size)
		n, err := io.ReadFull(r, buffer)
		switch {
		case errors.Is(err, io.EOF) && i > 0:
			return
		case errors.Is(err, io.EOF):
			fail("byte 0: the file is empty")
			return
		case errors.Is(err, io.ErrUnexpectedEOF):
			fail("the file ends at byte %d, %d bytes into record %d; one of %s has %d: was it cut off, or "+
				"is it another file?", at+int64(n), n, i, f.Name, size)
			return
		case err != nil:
			fail("byte %d: read: %w", at+int64(n), err)
			return
		}
		record := Record{Index: i, Pixels: bytes.Clone(buffer[labels:])}
		if record.Labels, err = f.labels(buffer[:labels]); err != nil {
			record, err = Record{}, fmt.Errorf("cifar: %sbyte %d, record %d: %w", name, at, i, err)
		}
		if !yield(record, err) {
			return
		}
	}
}

// otherKind names files that are none of these.
func otherKind(start []byte) string {
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return "compressed by gzip; extract the archive first"
	case len(start) > 1 && start[0] == 0x80 && start[1] <= 5:
		return "a Python pickle, which is not read; take the binary version of the data set"
	case bytes.HasPrefix(start, []byte("PK\x03")):
		return "a zip file; extract it first"
	}
	return ""
}

// labels tests the labels of a record.
func (f Format) labels(b []byte) ([]int, error) {
	labels := make([]int, len(b))
	for i, l := range f.Labels {
		if labels[i] = int(b[i]); labels[i] >= len(l.Classes) {
			return nil, fmt.Errorf("label %q is %d; %s has 0 to %d: is it another file?", l.Name, labels[i],
				f.Name, len(l.Classes)-1)
		}
	}
	if f.coarse != nil && f.coarse[labels[1]] != labels[0] {
		coarse, fine := f.Labels[0].Classes, f.Labels[1].Classes
		return nil, fmt.Errorf("the labels are %d (%s) and %d (%s), which belongs to %s: is it another "+
			"file?",
			labels[0], coarse[labels[0]], labels[1], fine[labels[1]], coarse[f.coarse[labels[1]]])
	}
	return labels, nil
}
