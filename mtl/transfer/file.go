package transfer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"
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
func LoadTrunk(file string, store *model.Store, paths ...string) error {
	paths = trunk(paths)
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("transfer: the trunk cannot be read: %w", err)
	}
	all, err := readTensors(data)
	if err != nil {
		return fmt.Errorf("transfer: %s is no trunk that SaveTrunk wrote: %w", file, err)
	}
	var values []named
	for _, n := range all {
		if under(n.path, paths) {
			values = append(values, n)
		}
	}
	if len(values) == 0 {
		return fmt.Errorf("transfer: %s has no variables under %q; it has %d others", file, paths, len(all))
	}
	return setValues(store, paths, values, file)
}
