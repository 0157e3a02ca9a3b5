package tracking_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/tracking"
)

// Whatever the experiments of an MLflow store say of themselves, a run is written next to them or refused.
func FuzzMLflowExperiment(f *testing.F) {
	f.Add([]byte("artifact_location: file:///x/0\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n"))
	f.Add([]byte("name: [1, 2]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	h := &history.History{Run: history.Run{Name: "r", Tasks: []history.Task{{Name: "a"}}}}
	f.Fuzz(func(t *testing.T, meta []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "0"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "0", "meta.yaml"), meta, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = tracking.Export(h, &tracking.MLflow{Dir: dir})
	})
}
