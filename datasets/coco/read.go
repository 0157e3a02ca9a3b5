package coco

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Options says how a file is read.
type Options struct {
	// MaxBytes is the most bytes of one record; 0 means 64 MiB.
	MaxBytes int
	// Broken is called by Open with the error of each record that is broken or does not fit the
	// others. The record is left out. If Broken is nil, the first such error is Open's.
	Broken func(error)
}

func (o Options) maxBytes() int {
	if o.MaxBytes <= 0 {
		return 64 << 20
	}
	return o.MaxBytes
}

// Read yields the records of r in the order of the file. An error of one record is followed by the
// next; one in the structure of the file ends it. Whether records fit together is for [Open] to
// find.
func Read(r io.Reader, o Options) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s := scanner{r: bufio.NewReaderSize(r, 1<<16), max: o.maxBytes()}
		err := s.file(func(section string, offset int64) error {
			record, err := parse(section, s.record, offset)
			if err != nil {
				err = fmt.Errorf("coco: %w", err)
			}
			if !yield(record, err) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(Record{}, fmt.Errorf("coco: %w", err))
		}
	}
}
