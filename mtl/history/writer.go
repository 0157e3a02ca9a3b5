package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gomtl/gomtl/mtl/internal/wire"
)

// Writer records a run in a folder. Records are buffered: what Flush has returned from survives the
// end of the process, what Sync has returned from a power cut too. Once a method has returned an error
// the folder may lack records, and every later Append, Flush, Sync and Close returns an error too.
// A Writer is not safe for use by several goroutines, nor a folder for several Writers.
type Writer struct {
	records, points *lineFile
	count           int
	sum             chain
}

// Create makes the folder where needed and starts a run in it. It is an error if the folder holds a run: nothing is overwritten.
func Create(dir string, run Run) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("history: cannot make the run folder %s: %w", dir, err)
	}
	path := filepath.Join(dir, RunFile)
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("history: %s holds a run already: resume it, or choose another folder", dir)
	}
	w, err := openWriter(dir, os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	// Last, so that a folder with a run.json has all its files.
	if err := writeRun(path, run); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Resume opens the run that Load read from a folder, to go on after its first n records. Later ones,
// and the beginning of a line that a killed run left, are dropped, from h too.
func Resume(dir string, h *History, n int) (*Writer, error) {
	if n < 0 || n > len(h.sums) || n > len(h.Records) {
		return nil, fmt.Errorf("history: the run in %s has %d records; wanted to go on after %d", dir, len(h.sums), n)
	}
	h.Records, h.sums = h.Records[:n], h.sums[:n]
	// Points follow from records, so both files are written again; a process killed between the two is
	// mended by the next Resume.
	w := &Writer{}
	if err := writeLines(filepath.Join(dir, RecordsFile), func(f *lineFile) error {
		w.records = f
		return w.appendRecords(h.Records)
	}); err != nil {
		return nil, err
	}
	if err := writeLines(filepath.Join(dir, PointsFile), func(f *lineFile) error {
		for i := range h.Records {
			if err := appendAll(f, h.Records[i].points()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	opened, err := openWriter(dir, 0)
	if err != nil {
		return nil, err
	}
	opened.count, opened.sum = w.count, w.sum
	return opened, nil
}

func openWriter(dir string, flag int) (*Writer, error) {
	records, err := openLines(filepath.Join(dir, RecordsFile), os.O_APPEND|flag)
	if err != nil {
		return nil, err
	}
	points, err := openLines(filepath.Join(dir, PointsFile), os.O_APPEND|flag)
	if err != nil {
		return nil, errors.Join(err, records.close())
	}
	return &Writer{records: records, points: points}, nil
}

// Append adds a record.
func (w *Writer) Append(r Record) error {
	if err := w.appendRecords([]Record{r}); err != nil {
		return err
	}
	return appendAll(w.points, r.points())
}

func (w *Writer) appendRecords(records []Record) error {
	for _, r := range records {
		line, sum, err := w.sum.line(r)
		if err != nil {
			return fmt.Errorf("history: a line of %s cannot be written as JSON: %w", w.records.file.Name(), err)
		}
		if _, err := w.records.buffer.Write(line); err != nil {
			return w.records.failed(err)
		}
		w.count, w.sum = w.count+1, sum
	}
	return nil
}

// Written returns the number of records appended so far, those before a Resume included, and their
// checksum: History.Sum of them.
func (w *Writer) Written() (count int, sum string) { return w.count, w.sum.String() }

// Flush hands everything appended so far to the operating system.
func (w *Writer) Flush() error {
	return errors.Join(w.records.flush(), w.points.flush())
}

// Sync is Flush to the disk. It is an error if the files are no longer those in the folder, as when
// somebody removed it. Call it before saving a checkpoint, so that the records never end before it.
func (w *Writer) Sync() error {
	return errors.Join(w.records.sync(), w.points.sync())
}

// Close flushes and closes the files.
func (w *Writer) Close() error {
	return errors.Join(w.records.close(), w.points.close())
}

func writeRun(path string, run Run) error {
	data, err := wire.Seal(run)
	if err != nil {
		return fmt.Errorf("history: the run cannot be written as JSON: %w", err)
	}
	return writeLines(path, func(f *lineFile) error {
		_, err := f.buffer.Write(data)
		return err
	})
}

func appendAll[T any](f *lineFile, values []T) error {
	for _, v := range values {
		if err := f.append(v); err != nil {
			return err
		}
	}
	return nil
}

// lineFile is a file of one JSON value a line.
type lineFile struct {
	file   *os.File
	buffer *bufio.Writer
}

func openLines(path string, flag int) (*lineFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o666)
	if err != nil {
		return nil, fmt.Errorf("history: cannot write in the run folder: %w", err)
	}
	return &lineFile{file: f, buffer: bufio.NewWriterSize(f, 1<<16)}, nil
}

// writeLines writes a file that is seen whole or not at all.
func writeLines(path string, write func(f *lineFile) error) error {
	temporary := path + ".tmp"
	f, err := openLines(temporary, os.O_TRUNC)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.buffer.Flush()
	}
	if err == nil {
		err = f.file.Sync()
	}
	err = errors.Join(err, f.file.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return fmt.Errorf("history: cannot write %s: %w", path, errors.Join(err, os.Remove(temporary)))
	}
	return nil
}

func (f *lineFile) append(value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("history: a line of %s cannot be written as JSON: %w", f.file.Name(), err)
	}
	_, err = f.buffer.Write(append(data, '\n'))
	return f.failed(err)
}

func (f *lineFile) flush() error { return f.failed(f.buffer.Flush()) }

// sync flushes to the disk, into the file that its path still names.
func (f *lineFile) sync() error {
	if err := f.flush(); err != nil {
		return err
	}
	opened, err := f.file.Stat()
	if err != nil {
		return f.failed(err)
	}
	if named, err := os.Stat(f.file.Name()); err != nil || !os.SameFile(opened, named) {
		return fmt.Errorf("history: %s was removed or replaced while the run wrote it: "+
			"its records are lost from there", f.file.Name())
	}
	if err := f.file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return f.failed(err) // EINVAL: not a file that can be synced, such as a pipe
	}
	return nil
}

func (f *lineFile) close() error { return errors.Join(f.flush(), f.failed(f.file.Close())) }

func (f *lineFile) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("history: cannot record in %s: %w; records since the last flush may be missing there", f.file.Name(), err)
}
