package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/numpy"
	"github.com/gomtl/gomtl/datasets"
)

// export writes every part of the set as NumPy files: train_x.npy, train_left.npy, ..., test_ink.npy.
func export(set *datasets.Set, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, part := range datasets.Parts() {
		split := set.Part(part)
		arrays := map[string]*tensors.Tensor{"x": split.Inputs[0]}
		for task, labels := range split.Labels {
			arrays[task] = labels
		}
		for name, array := range arrays {
			path := filepath.Join(folder, fmt.Sprintf("%s_%s.npy", part, name))
			if err := numpy.ToNpyFile(array, path); err != nil {
				return fmt.Errorf("export %s: %w", path, err)
			}
		}
	}
	return nil
}
