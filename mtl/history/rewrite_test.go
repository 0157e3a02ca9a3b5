package history_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

func TestRewriteAndReset(t *testing.T) {
	dir := t.TempDir()
	check(t, history.Reset(dir)) // Nothing there is no error.
	other := filepath.Join(dir, "checkpoint")
	check(t, os.WriteFile(other, nil, 0o666))
	write(t, dir, record(1, history.Train))

	longer := run
	longer.Steps = 80
	check(t, history.Rewrite(dir, longer))
	h, err := history.Load(dir)
	check(t, err)
	if h.Run.Steps != 80 || len(h.Records) != 1 {
		t.Errorf("%d steps and %d records after Rewrite; wanted 80 and 1", h.Run.Steps, len(h.Records))
	}

	check(t, history.Reset(dir))
	_, err = history.Load(dir)
	wantError(t, err, "holds no run")
	if _, err := os.Stat(other); err != nil {
		t.Errorf("Reset removed another file: %v", err)
	}
	write(t, dir, record(1, history.Train))
}
