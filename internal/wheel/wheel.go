// Package wheel fetches pinned Python wheels, without Python, through go-xla's installer.
package wheel

import (
	"context"
	"fmt"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomtl/gomtl/internal/cache"
)

// Wheel is one file of one version of a Python package.
type Wheel struct {
	Package, Version string
	File             string // the file's name in the index
	SHA256           string
}

// Fetch downloads the wheel to the file dst. It uses the index that pip is told to use by PIP_INDEX_URL, else the public one.
func (w Wheel) Fetch(ctx context.Context, dst string) error {
	url, err := w.url(ctx)
	if err != nil {
		return err
	}
	return cache.Fetch(ctx, url, w.SHA256, dst)
}

// Extract takes the file called name, in whatever folder of the wheel it lies, out of the fetched archive.
func (w Wheel) Extract(archive, name, dst string) error {
	if err := installer.ExtractFileFromZip(archive, name, dst); err != nil {
		return fmt.Errorf("wheel: taking %s out of %s: %w", name, w.File, err)
	}
	return nil
}

// ExtractDir takes all that lies under the folder called name out of the fetched archive and puts it under dst.
func (w Wheel) ExtractDir(archive, name, dst string) error {
	if err := installer.ExtractDirFromZip(archive, name, dst); err != nil {
		return fmt.Errorf("wheel: taking %s out of %s: %w", name, w.File, err)
	}
	return nil
}
