package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Whatever a file of states holds, what is taken of it are finite numbers.
func FuzzReadStates(f *testing.F) {
	f.Add([]byte(`{"jacobian": [[-4, 1, 1], [6, 1, 1]], "losses": [1, 2], "steps": 3}`))
	f.Add([]byte(`[{"jacobian": [[-4, 1], [6, 1]], "active":[true,false], "after":[1,2], "parts":[[[1,2],[3,4]]]}]`))
	f.Add([]byte(`{"jacobian": [[1e999]]}`))
	f.Add([]byte(`[`))
	path := filepath.Join(f.TempDir(), "states.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		states, err := readStates(path)
		if err != nil {
			return
		}
		for _, s := range states {
			for _, row := range s.Jacobian {
				for _, v := range row {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Fatalf("%v was taken", v)
					}
				}
			}
		}
	})
}

// Whatever the flags of a sweep say, it is a bounded number of settings or an error.
func FuzzSearch(f *testing.F) {
	f.Add("ink=1..8x4", "ink=1,digit=2", "learning_rate=1e-4..1e-2x5", "1,2", "simplex:4", "CAGrad/C=0.5", uint64(1))
	f.Add("dirichlet:1x20", "a=1", "cagrad/c=0.1,lin:0..1x5", "3", "simplex:3", "Smoothed/Method=DWA", uint64(1))
	f.Add("simplex:999999", "=", "x=1..2x-1", "-1", "ink=NaN", "/", uint64(0))
	f.Fuzz(func(t *testing.T, weights, setting, values, seeds, preferences, set string, seed uint64) {
		tasks := []string{"digit", "ink", "parity"}
		for _, s := range []search{
			{weights: []string{weights}, settings: []string{setting}, preferences: []string{preferences}, methods: "Fixed,CAGrad", values: []string{values}, seeds: seeds, seed: seed},
			{weights: []string{weights}, seeds: seeds, values: []string{values}, sobol: 4},
			{methods: "Smoothed,CAGrad", set: []string{set}},
		} {
			if list, err := s.expand(tasks); err == nil && len(list) > 1_000_000 {
				t.Fatalf("%d settings", len(list))
			}
		}
	})
}
