package mtl_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

// Whatever the state of a checkpoint says, it is loaded or refused.
func FuzzLoadCheckpoint(f *testing.F) {
	dir := f.TempDir()
	m, data := twoTasks()
	_, err := mtl.Fit(context.Background(), m, data, mtl.FitOptions{
		Backend: backendtest.Go(f), Steps: 2, BatchSize: 20, ValidateEvery: 1, RunDir: dir, Log: quiet,
	})
	if err != nil {
		f.Fatal(err)
	}
	states, err := filepath.Glob(filepath.Join(dir, "checkpoints", "*", "state.json"))
	if err != nil || len(states) == 0 {
		f.Fatalf("no checkpoints: %v", err)
	}
	newest := states[len(states)-1]
	state, err := os.ReadFile(newest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add(state[:len(state)/2])
	f.Add([]byte(`{"step": -5, "best": 1000000000000, "files": {"../state.json": ""}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, state []byte) {
		if err := os.WriteFile(newest, state, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, which := range []string{"last", "best"} {
			_ = mtl.LoadCheckpoint(model.NewStore(), dir, which)
		}
	})
}
