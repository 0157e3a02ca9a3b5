// Package cache keeps what gomtl installs for its user: one folder, changed under a lock, each file put in place whole.
package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// HomeEnv names the environment variable that chooses the folder.
const HomeEnv = "GOMTL_HOME"

// Dir returns the folder: $GOMTL_HOME, else $XDG_CACHE_HOME/gomtl, else ~/.cache/gomtl. It does not create it.
func Dir() (string, error) {
	if dir := os.Getenv(HomeEnv); dir != "" {
		return filepath.Abs(dir)
	}
	// The XDG base directory specification says to ignore a relative path.
	if dir := os.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "gomtl"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("gomtl: no place for its cache folder: set %s or HOME: %w", HomeEnv, err)
	}
	return filepath.Join(home, ".cache", "gomtl"), nil
}

// WriteFile puts data at path so that a reader, or a kill at any moment, sees the old file or the new one and nothing between.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), TempPrefix)
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = Publish(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// TempPrefix starts the name of every file that is not finished yet.
const TempPrefix = ".unfinished-"

// Publish flushes the finished file temp to the disk and renames it to path, in one step as far as others can see.
func Publish(temp, path string) error {
	file, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in dir last through a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // some file systems refuse to sync a folder; the rename itself stands
	return d.Close()
}

// RemoveTemps removes what a killed set-up left unfinished in dir. Call it with the lock held.
func RemoveTemps(dir string) error {
	left, err := fs.Glob(os.DirFS(dir), TempPrefix+"*")
	for _, name := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return err
}
