// Package saved knows where a run folder has its checkpoints, and how far the records were when one
// was saved. Package mtl saves and loads them; package history compares its records with them.
package saved

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomtl/gomtl/mtl/internal/wire"
)

const (
	// Dir is the folder of the checkpoints in a run folder.
	Dir = "checkpoints"
	// StateFile is the description of a checkpoint in its folder.
	StateFile = "state.json"
	// StepPrefix begins the name of each checkpoint's folder.
	StepPrefix = "step-"
)

// Mark is where a run was when a checkpoint was saved.
type Mark struct {
	Step int `json:"step"`
	// Records is how many lines history.jsonl had, and RecordsSum their checksum.
	Records    int    `json:"records"`
	RecordsSum string `json:"records_sum"`
}

// StepDir is the name of the folder of a step's checkpoint.
func StepDir(step int) string { return fmt.Sprintf("%s%09d", StepPrefix, step) }

// Steps lists the steps that have a checkpoint in a folder of checkpoints, ascending.
func Steps(root string) ([]int, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list checkpoints: %w", err)
	}
	var steps []int
	for _, entry := range entries {
		if number, found := strings.CutPrefix(entry.Name(), StepPrefix); found {
			if step, err := strconv.Atoi(number); err == nil {
				steps = append(steps, step)
			}
		}
	}
	slices.Sort(steps)
	return steps, nil
}

// Newest is the mark of the newest checkpoint in a run folder, nil where there is none that can be
// read: who loads the checkpoint finds out why.
func Newest(dir string) *Mark {
	root := filepath.Join(dir, Dir)
	steps, err := Steps(root)
	if err != nil || len(steps) == 0 {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, StepDir(steps[len(steps)-1]), StateFile))
	if err != nil {
		return nil
	}
	mark := &Mark{}
	if err := wire.Unseal(text, mark); err != nil {
		return nil
	}
	return mark
}
