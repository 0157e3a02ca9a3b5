package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Writer records a run in a folder. Records are buffered: what Flush has returned from survives the end of the process, however it
// ends. Once a method has returned an error the folder may lack records, and every later Append, Flush and Close returns an error too.
// A Writer is not safe for use by several goroutines, nor a folder for several Writers.
type Writer struct {
	records, points *lineFile
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

// Resume opens the run in a folder to go on after step: records of later steps, and the beginning of a line that a killed run left, are
// dropped. It returns the run and the records kept.
func Resume(dir string, step int) (*Writer, *History, error) {
	h, err := Load(dir)
	if err != nil {
		return nil, nil, err
	}
	var kept []Record
	for _, r := range h.Records {
		if r.Step <= step {
			kept = append(kept, r)
		}
	}
	h.Records = kept
	// Points follow from records, so both files are written anew; a process killed between the two is mended by the next Resume.
	records, points := filepath.Join(dir, RecordsFile), filepath.Join(dir, PointsFile)
	if err := writeLines(records, func(f *lineFile) error { return appendAll(f, kept) }); err != nil {
		return nil, nil, err
	}
	if err := writeLines(points, func(f *lineFile) error {
		for i := range kept {
			if err := appendAll(f, kept[i].points()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, nil, err
	}
	w, err := openWriter(dir, 0)
	if err != nil {
		return nil, nil, err
	}
	return w, h, nil
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
	if err := w.records.append(r); err != nil {
		return err
	}
	return appendAll(w.points, r.points())
}

// Flush hands everything appended so far to the operating system. Call it before saving a checkpoint, so that the records never end
// before the checkpoint does.
func (w *Writer) Flush() error {
	return errors.Join(w.records.flush(), w.points.flush())
}

// Close flushes and closes the files.
func (w *Writer) Close() error {
	return errors.Join(w.records.close(), w.points.close())
}

func writeRun(path string, run Run) error {
	data, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return fmt.Errorf("history: the run cannot be written as JSON: %w", err)
	}
	return writeLines(path, func(f *lineFile) error {
		_, err := f.buffer.Write(append(data, '\n'))
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

func (f *lineFile) close() error { return errors.Join(f.flush(), f.failed(f.file.Close())) }

func (f *lineFile) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("history: cannot record in %s: %w; records since the last flush may be missing there", f.file.Name(), err)
}
