package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/internal/saved"
	"github.com/gomtl/gomtl/mtl/internal/wire"
)

// Files of a run folder.
const (
	// RunFile holds a Run as JSON; its last field is the SHA-256 of the others.
	RunFile = "run.json"
	// RecordsFile holds one Record as JSON per line. A NaN is null, an infinite value "Infinity" or
	// "-Infinity". The last field of each line, "sum", is a checksum of all lines up to it.
	RecordsFile = "history.jsonl"
	// PointsFile holds the same figures as GoMLX's plot.Point, one JSON object a line, so that GoMLX's tools
	// can read a run. It follows from RecordsFile, and gomtl does not read it.
	PointsFile = "training_plot_points.json"
)

// Load reads the run in a folder. The beginning of a line that a killed run left at the end of
// history.jsonl is dropped. Files that differ in one bit from what was written are an error, with the
// number of the line, and so are records that end before the newest checkpoint of the folder.
func Load(dir string) (*History, error) {
	h := &History{}
	data, err := os.ReadFile(filepath.Join(dir, RunFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("history: %s holds no run: wanted a folder with %s and %s in it (%w)", dir, RunFile, RecordsFile, err)
	}
	if err != nil {
		return nil, fmt.Errorf("history: cannot read the run in %s: %w", dir, err)
	}
	if err := wire.Unseal(data, &h.Run); err != nil {
		return nil, fmt.Errorf("history: %s is no description of a run: %w", filepath.Join(dir, RunFile), err)
	}
	mark := saved.Newest(dir) // first: a run that is under way writes its records before a checkpoint
	path := filepath.Join(dir, RecordsFile)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("history: %s has a %s, but its records cannot be read: %w", dir, RunFile, err)
	}
	defer f.Close()
	if err = h.read(path, f); err == nil && mark != nil {
		err = h.reaches(mark, path)
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// reaches reports records that are not those of a checkpoint beside them.
func (h *History) reaches(mark *saved.Mark, path string) error {
	switch have := h.Sum(mark.Records); {
	case have == "":
		return fmt.Errorf("history: %s lost records: it has %d, and the checkpoint of step %d was saved after %d; "+
			"bring the file back, or delete this checkpoint to go on from an older one",
			path, len(h.Records), mark.Step, mark.Records)
	case have != mark.RecordsSum:
		return fmt.Errorf("history: %s and the checkpoint of step %d in its folder are of two runs: "+
			"the records' checksum is %s, the checkpoint was saved with %s", path, mark.Step, have, mark.RecordsSum)
	}
	return nil
}

func (h *History) read(path string, from io.Reader) error {
	lines := bufio.NewReader(from)
	sum := chain(0)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what is left is the beginning of a line, or nothing
		}
		if err != nil {
			return fmt.Errorf("history: cannot read %s: %w", path, err)
		}
		record, next, err := sum.read(line)
		if err != nil {
			return fmt.Errorf("history: %s:%d is no record of this run: %w", path, number, err)
		}
		sum = next
		h.Records, h.sums = append(h.Records, record), append(h.sums, sum)
	}
}
