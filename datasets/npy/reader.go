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
	var all []T
	for row, err := range Rows[T](r) {
		if err != nil {
			return nil, err
		}
		if len(row) > max-len(all) {
			return nil, r.fail(fmt.Errorf("the array has more than %d values; read its rows, or allow more",
				max))
		}
		all = append(all, row...)
	}
	return all, nil
}

func rows[T Element](r *Reader, yield func([]T) bool) error {
	if r.used {
		return errors.New("the array was read before; open the file again")
	}
	r.used = true
	decode, err := decoder[T](r.h)
	if err != nil {
		return err
	}
	count, err := values(r.h.shape, r.h.size)
	if err != nil {
		return err
	}
	if count == 0 {
		return r.end()
	}
	n := 1
	if len(r.h.shape) > 0 {
		n = r.h.shape[0]
	}
	if r.h.fortran && len(r.h.shape) > 1 {
		return fortranRows(r, n, count, decode, yield)
	}
	var block []byte
	row := []T(nil)
	for range n {
		start := r.at
		if block, err = r.bytes(block, count/n); err != nil {
			return err
		}
		if row, err = decode(row[:0], block, start); err != nil {
			return err
		}
		if !yield(row) {
			return nil
		}
	}
	return r.end()
}

// fortranRows reads the whole array and yields its n rows.
func fortranRows[T Element](r *Reader, n, count int, decode decodeFunc[T],
	yield func([]T) bool) error {
	start := r.at
	block, err := r.bytes(nil, count)
	if err != nil {
		return err
	}
	if err := r.end(); err != nil {
		return err
	}
	all, err := decode(make([]T, 0, count), block, start)
	if err != nil {
		return err
	}
	place, axes := make([]int, len(r.h.shape)), r.h.shape
	row := make([]T, count/n)
	for i := range n {
		clear(place)
		for k := range row {
			from, step := i, n // the offset of place, whose last axis varies fastest
			for axis := 1; axis < len(axes); axis++ {
				from += place[axis] * step
				step *= axes[axis]
			}
			row[k] = all[from]
			for axis := len(axes) - 1; axis > 0; axis-- {
				if place[axis]++; place[axis] < axes[axis] {
					break
				}
				place[axis] = 0
			}
		}
		if !yield(row) {
			return nil
		}
	}
	return nil
}

// bytes reads the bytes of so many values into block, which grows with what is there.
func (r *Reader) bytes(block []byte, count int) ([]byte, error) {
	want := count * r.h.size
	if want > r.max {
		what := "a row"
		if r.h.fortran {
			what = "the array, which is in Fortran order,"
		}
		return nil, fmt.Errorf("byte %d: %s has %d bytes by the header's shape %v; at most %d are "+
			"allowed (Options.MaxBytes)", r.at, what, want, r.h.shape, r.max)
	}
	block = block[:0]
	for len(block) < want {
		have := len(block)
		next := min(want-have, max(1<<16, have))
		block = slices.Grow(block, next)[:have+next]
		n, err := io.ReadFull(r.r, block[have:])
		if r.at += int64(n); n < next {
			return nil, unexpected(err, r.at,
				fmt.Sprintf("inside the values; the shape %v needs %d bytes of them", r.h.shape, r.need()))
		}
	}
	return block, nil
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
