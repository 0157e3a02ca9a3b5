package mtl_test

import (
	"context"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// The store ends with what scored the lowest validation loss, with a run folder and without one, and again when a complete run is loaded.
func TestRestoreBest(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, data := twoTasks()
		for _, dir := range []string{"", t.TempDir()} {
			options := mtl.FitOptions{
				Backend: b, Steps: 150, BatchSize: 20, ValidateEvery: 10, LearningRate: 0.1, // it overfits
				RestoreBest: true, RunDir: dir, Log: quiet,
			}
			for range 2 {
				options.Store = model.NewStore()
				h, err := mtl.Fit(context.Background(), m, data, options)
				if err != nil {
					t.Fatal(err)
				}
				low, last := 1e9, 0.0
				for _, r := range h.Records {
					if r.Split == history.Validation {
						last = r.Loss["sum"] + r.Loss["sign"]
						low = min(low, last)
					}
				}
				if low >= last {
					t.Fatalf("the last validation is the best, %v: the test shows nothing", last)
				}
				e, err := mtl.Evaluate(context.Background(), b, options.Store, m, data.Validation)
				if err != nil {
					t.Fatal(err)
				}
				if got := e.Loss["sum"] + e.Loss["sign"]; got < low-1e-5 || got > low+1e-5 {
					t.Errorf("RunDir %q: the store scores %v; wanted the lowest, %v (the last is %v)", dir, got, low, last)
				}
			}
		}
	})
}
