package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl/internal/safetensors"
)

// SaveTrunk writes the variables under the paths, by default "shared", into a file in the safetensors format, which other tools read too: names are the
// paths of the variables, their order is that in which the trunk made them. The file is written beside its place, flushed to the disk and then renamed: it is whole or not there.
func SaveTrunk(store *model.Store, file string, paths ...string) (err error) {
	values, err := valuesOf(store, trunk(paths))
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".saving-")
	if err != nil {
		return fmt.Errorf("transfer: the trunk cannot be saved: %w", err)
	}
	err = writeTensors(f, values)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("transfer: the trunk is not saved in %s: %w", file, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// LoadTrunk gives the store the variables of a file that SaveTrunk wrote, those under the paths, by default "shared". It checks as CopyTrunk does.
func LoadTrunk(file string, store *model.Store, paths ...string) (err error) {
	paths = trunk(paths)
	f, err := safetensors.Open(file)
	var missing *fs.PathError
	if errors.As(err, &missing) {
		return fmt.Errorf("transfer: the trunk cannot be read: %w", err)
	}
	if err != nil {
		return fmt.Errorf("transfer: %s is no trunk that SaveTrunk wrote: %w", file, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	values, err := readTensors(f, paths)
	if err != nil {
		return fmt.Errorf("transfer: %s is no trunk that SaveTrunk wrote: %w", file, err)
	}
	if len(values) == 0 {
		return fmt.Errorf("transfer: %s has no variables under %q; it has %d others", file, paths, len(f.Names()))
	}
	return setValues(store, paths, values, file)
}
