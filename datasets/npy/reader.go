package npy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// Options says how a file is read.
type Options struct {
	// MaxBytes is the most bytes of a row, and of a whole array in Fortran order; 0 means 1 GiB.
	MaxBytes int
}

// Reader reads one array from front to back.
type Reader struct {
	r     *bufio.Reader
	close func() error
	name  string // begins errors
	max   int
	h     header
	at    int64 // the offset of the next byte
	size  int64 // the bytes of the file by the file system; 0 where that does not say
	used  bool
}

// Open opens the npy file at path; errors name it. Call [Reader.Close].
func Open(path string, o Options) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	r, err := newReader(f, path+": ", o)
	if err != nil {
		f.Close()
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		r.size = info.Size()
	}
	r.close = f.Close
	return r, nil
}

// NewReader reads the header of r, up to the first value.
func NewReader(r io.Reader, o Options) (*Reader, error) { return newReader(r, "", o) }

func newReader(source io.Reader, name string, o Options) (*Reader, error) {
	r := &Reader{r: bufio.NewReaderSize(source, 1<<16), name: name, max: o.MaxBytes,
		close: func() error { return nil }}
	if r.max <= 0 {
		r.max = 1 << 30
	}
	var err error
	if r.h, err = readHeader(r.r); err != nil {
		return nil, r.fail(err)
	}
	r.at = r.h.start
	return r, nil
}

// DType is the type of the values.
func (r *Reader) DType() DType { return r.h.dtype }

// Shape is the length of each axis by the header, a claim.
func (r *Reader) Shape() []int { return slices.Clone(r.h.shape) }

// Fortran says whether the file has the values in Fortran order. Rows are the same in both orders.
func (r *Reader) Fortran() bool { return r.h.fortran }

// Close closes the file.
func (r *Reader) Close() error { return r.close() }

func (r *Reader) fail(err error) error { return fmt.Errorf("npy: %s%w", r.name, err) }

// Rows yields the rows of the array along its first axis, in order. A row has its values in C order
// and is valid until the next one. T must hold every value of the file's type. An error ends it. An
// array can be read once.
func Rows[T Element](r *Reader) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		if err := rows(r, func(row []T) bool { return yield(row, nil) }); err != nil {
			yield(nil, r.fail(err))
		}
	}
}

// ReadAll returns all values in C order, at most max of them; more is an error, for a small file
// may hold many zeros.
func ReadAll[T Element](r *Reader, max int) ([]T, error) {
	all, err := readAll[T](r, max)
	if err != nil {
		return nil, r.fail(err)
	}
	return all, nil
}

func readAll[T Element](r *Reader, max int) ([]T, error) {
	v, count, err := begin[T](r)
	switch {
	case err != nil:
		return nil, err
	case count > max:
		return nil, fmt.Errorf("the array has %d values, and %d are allowed; read its rows, or allow more",
			count, max)
	}
	if r.spread() {
		return fortranAll(v, count)
	}
	all, err := v.next(nil, count)
	if err != nil {
		return nil, err
	}
	return all, r.end()
}

// begin says how values are read, and how many there are; it tests the bytes of a row.
func begin[T Element](r *Reader) (v *valueReader[T], count int, err error) {
	if r.used {
		return nil, 0, errors.New("the array was read before; open the file again")
	}
	r.used = true
	if v, err = newValueReader[T](r); err != nil {
		return nil, 0, err
	}
	if count, err = values(r.h.shape, r.h.size); err != nil || count == 0 {
		return v, count, err
	}
	what, size := "a row", count/r.length()*r.h.size
	if r.spread() {
		what, size = "the array, which is in Fortran order,", count*r.h.size
	}
	if size > r.max {
		return nil, 0, fmt.Errorf("byte %d: %s has %d bytes by the header's shape %v; at most %d are "+
			"allowed (Options.MaxBytes)", r.at, what, size, r.h.shape, r.max)
	}
	return v, count, nil
}

// length is that of the first axis, the number of rows.
func (r *Reader) length() int {
	if len(r.h.shape) == 0 {
		return 1
	}
	return r.h.shape[0]
}

// spread says whether the values of a row are not together.
func (r *Reader) spread() bool { return r.h.fortran && len(r.h.shape) > 1 }

func rows[T Element](r *Reader, yield func([]T) bool) error {
	v, count, err := begin[T](r)
	if err != nil {
		return err
	}
	if count == 0 {
		return r.end()
	}
	if r.spread() {
		columns, err := readColumns(v, count)
		if err != nil {
			return err
		}
		row := make([]T, count/r.length())
		for i := range r.length() {
			if columns.row(row, i); !yield(row) {
				return nil
			}
		}
		return nil
	}
	var row []T
	for range r.length() {
		if row, err = v.next(row[:0], count/r.length()); err != nil {
			return err
		}
		if !yield(row) {
			return nil
		}
	}
	return r.end()
}

// need is the number of bytes of all values.
func (r *Reader) need() int {
	count, _ := values(r.h.shape, r.h.size)
	return count * r.h.size
}

// end tests that nothing follows; in an npz file it also tests the checksum.
func (r *Reader) end() error {
	_, err := r.r.ReadByte()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("byte %d: read: %w", r.at, err)
	}
	return fmt.Errorf("byte %d: bytes follow the values; the shape %v has %d bytes of them", r.at,
		r.h.shape, r.need())
}
