package history_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
)

func TestRewriteAndSetAside(t *testing.T) {
	dir := t.TempDir()
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

	for _, name := range []string{"earlier-1", "earlier-2"} {
		aside, err := history.SetAside(dir)
		check(t, err)
		if aside != filepath.Join(dir, name) {
			t.Errorf("set aside in %s; wanted %s", aside, name)
		}
		_, err = history.Load(dir)
		wantError(t, err, "holds no run")
		kept, err := history.Load(aside)
		check(t, err)
		if len(kept.Records) != 1 {
			t.Errorf("%d records set aside; wanted 1", len(kept.Records))
		}
		write(t, dir, record(1, history.Train))
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("SetAside touched another file: %v", err)
	}
}
