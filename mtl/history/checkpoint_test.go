package history_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/internal/saved"
	"github.com/gomtl/gomtl/mtl/internal/wire"
)

// checkpointed is a folder with three records and a checkpoint that was saved after the first two.
func checkpointed(t *testing.T) (dir, records, state string) {
	t.Helper()
	dir = t.TempDir()
	w, err := history.Create(dir, run)
	check(t, err)
	check(t, w.Append(record(1, history.Train)))
	check(t, w.Append(record(2, history.Train)))
	mark := saved.Mark{Step: 2}
	mark.Records, mark.RecordsSum = w.Written()
	check(t, w.Append(record(3, history.Train)))
	check(t, w.Close())
	text, err := wire.Seal(mark)
	check(t, err)
	state = filepath.Join(dir, saved.Dir, saved.StepDir(2), saved.StateFile)
	check(t, os.MkdirAll(filepath.Dir(state), 0o777))
	check(t, os.WriteFile(state, text, 0o666))
	return dir, filepath.Join(dir, history.RecordsFile), state
}

// Records that end before the checkpoint beside them are an error, wherever they were cut.
func TestRecordsEndBeforeTheirCheckpoint(t *testing.T) {
	dir, records, state := checkpointed(t)
	whole, err := os.ReadFile(records)
	check(t, err)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	needed := len(lines[0]) + len(lines[1])
	for cut := range whole {
		check(t, os.WriteFile(records, whole[:cut], 0o666))
		h, err := history.Load(dir)
		if cut < needed {
			wantError(t, err, records, "lost records", "checkpoint of step 2 was saved after 2")
		} else if err != nil || len(h.Records) != 2 {
			t.Errorf("cut to %d of %d bytes, after the checkpoint: %v", cut, len(whole), err)
		}
	}
	flipped := bytes.Clone(whole[:needed])
	flipped[needed-1] ^= 1 // the end of the last line
	check(t, os.WriteFile(records, flipped, 0o666))
	_, err = history.Load(dir)
	wantError(t, err, "lost records")

	// Without a checkpoint, or with one that cannot be read, the records stand for themselves.
	check(t, os.WriteFile(records, lines[0], 0o666))
	check(t, os.WriteFile(state, []byte("{}"), 0o666))
	_, err = history.Load(dir)
	check(t, err)
	check(t, os.RemoveAll(filepath.Join(dir, saved.Dir)))
	_, err = history.Load(dir)
	check(t, err)
}

// The records of one run and the checkpoint of another are an error.
func TestRecordsOfAnotherRun(t *testing.T) {
	dir, records, _ := checkpointed(t)
	other := t.TempDir()
	write(t, other, record(5, history.Train), record(6, history.Train))
	text, err := os.ReadFile(filepath.Join(other, history.RecordsFile))
	check(t, err)
	check(t, os.WriteFile(records, text, 0o666))
	_, err = history.Load(dir)
	wantError(t, err, records, "of two runs")
}
