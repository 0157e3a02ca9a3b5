// Package wheel fetches pinned Python wheels, without Python, through go-xla's installer.
package wheel

import (
	"archive/zip"
	"context"
	"errors"
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
	if err := checkSize(archive); err != nil {
		return fmt.Errorf("wheel: %s: %w", w.File, err)
	}
	if err := installer.ExtractFileFromZip(archive, name, dst); err != nil {
		return fmt.Errorf("wheel: taking %s out of %s: %w", name, w.File, err)
	}
	return nil
}

// ExtractDir takes all that lies under the folder called name out of the fetched archive and puts it under dst.
func (w Wheel) ExtractDir(archive, name, dst string) error {
	if err := checkSize(archive); err != nil {
		return fmt.Errorf("wheel: %s: %w", w.File, err)
	}
	if err := installer.ExtractDirFromZip(archive, name, dst); err != nil {
		return fmt.Errorf("wheel: taking %s out of %s: %w", name, w.File, err)
	}
	return nil
}

// maxUnpacked is the most bytes that a wheel may unpack to, above those of all that are pinned.
const maxUnpacked = 2 << 30

// checkSize refuses an archive that says that it unpacks to more. What says less than it has is refused while it is unpacked, by archive/zip.
func checkSize(archive string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	total := uint64(0)
	for _, f := range r.File {
		if f.UncompressedSize64 > maxUnpacked-total {
			return errors.Join(fmt.Errorf("it unpacks to more than %d bytes at %q", maxUnpacked, f.Name), r.Close())
		}
		total += f.UncompressedSize64
	}
	return r.Close()
}
