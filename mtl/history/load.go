package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Files of a run folder.
const (
	// RunFile holds a Run as JSON.
	RunFile = "run.json"
	// RecordsFile holds one Record as JSON a line. A NaN is null, an infinite value "Infinity" or "-Infinity".
	RecordsFile = "history.jsonl"
	// PointsFile holds the same figures as GoMLX's plot.Point, one JSON object a line, so that GoMLX's tools can read a run.
	PointsFile = "training_plot_points.json"
)

// Load reads the run in a folder. The beginning of a line that a killed run left at the end of history.jsonl is dropped; any other line
// that is no record is an error with its number.
func Load(dir string) (*History, error) {
	h := &History{}
	data, err := os.ReadFile(filepath.Join(dir, RunFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("history: %s holds no run: wanted a folder with %s and %s in it (%w)", dir, RunFile, RecordsFile, err)
	}
	if err != nil {
		return nil, fmt.Errorf("history: cannot read the run in %s: %w", dir, err)
	}
	if err := json.Unmarshal(data, &h.Run); err != nil {
		return nil, fmt.Errorf("history: %s is no description of a run: %w", filepath.Join(dir, RunFile), err)
	}
	path := filepath.Join(dir, RecordsFile)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("history: %s has a %s, but its records cannot be read: %w", dir, RunFile, err)
	}
	defer f.Close()
	if h.Records, err = readRecords(path, f); err != nil {
		return nil, err
	}
	return h, nil
}

func readRecords(path string, from io.Reader) ([]Record, error) {
	var records []Record
	lines := bufio.NewReader(from)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("history: cannot read %s: %w", path, err)
		}
		last := err == io.EOF
		if last && len(line) == 0 {
			return records, nil
		}
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			if last {
				return records, nil
			}
			return nil, fmt.Errorf("history: %s:%d is no record: %w; mend or delete that line", path, number, err)
		}
		records = append(records, r)
	}
}
