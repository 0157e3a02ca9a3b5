package tracking

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// period is about how long a record waits to be written.
const period = time.Second

// output gathers what is to be appended to the files of a run. Each file's part is written in one call, so that a killed process leaves no
// half of a line, and no file stays open: a run of many tasks has hundreds for MLflow.
type output struct {
	pending map[string][]byte // by path
	written time.Time
	open    bool // between begin and end, unless something failed
	err     error
}

// begin starts a run, whose preparation ended in err.
func (o *output) begin(err error) {
	clear(o.pending)
	o.open, o.written = true, time.Now()
	o.check(err)
}

// end writes what is left, and lets no more in.
func (o *output) end() {
	o.flush()
	o.open = false
}

func (o *output) add(path string, data []byte) {
	if !o.open {
		return
	}
	if o.pending == nil {
		o.pending = map[string][]byte{}
	}
	o.pending[path] = append(o.pending[path], data...)
}

// tick writes when it is time to.
func (o *output) tick() {
	if time.Since(o.written) >= period {
		o.flush()
	}
}

func (o *output) flush() {
	for _, path := range slices.Sorted(maps.Keys(o.pending)) {
		if o.open {
			o.check(appendTo(path, o.pending[path]))
		}
	}
	clear(o.pending)
	o.written = time.Now()
}

// check ends the run's part in this tool at its first error.
func (o *output) check(err error) {
	if err != nil {
		o.err = errors.Join(o.err, fmt.Errorf("tracking: %w; records since then are missing there: once this is mended, export the run folder", err))
		o.open = false
	}
}

func appendTo(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// remove is os.Remove where nothing there is fine.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
