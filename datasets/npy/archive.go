package npy

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"strings"
)

// Archive is an open npz file: a zip file of arrays, stored or deflated.
type Archive struct {
	o     Options
	file  *os.File // nil if the caller opened it
	path  string   // begins errors; may be empty
	names []string
	files map[string]*zip.File
}

// OpenArchive opens the npz file at path; errors name it. Call [Archive.Close].
func OpenArchive(path string, o Options) (*Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	info, err := f.Stat()
	var a *Archive
	if err == nil {
		a, err = newArchive(f, info.Size(), path+": ", o)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	a.file = f
	return a, nil
}

// NewArchive reads the directory of an npz file of size bytes.
func NewArchive(r io.ReaderAt, size int64, o Options) (*Archive, error) {
	return newArchive(r, size, "", o)
}

func newArchive(r io.ReaderAt, size int64, path string, o Options) (*Archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: %snot an npz file: %w", path, err)
	}
	a := &Archive{o: o, path: path, files: map[string]*zip.File{}}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if a.files[name] != nil {
			return nil, fmt.Errorf("npy: %sthe array %q stands twice", path, name)
		}
		a.names = append(a.names, name)
		a.files[name] = f
	}
	return a, nil
}

// Names lists the arrays in the order of the file, without ".npy".
func (a *Archive) Names() []string { return append([]string(nil), a.names...) }

// Array opens one array. Several can be read at the same time.
func (a *Archive) Array(name string) (*Reader, error) {
	f := a.files[name]
	switch {
	case f == nil:
		return nil, fmt.Errorf("npy: %sno array %q; there are %.200q", a.path, name, a.names)
	case f.Flags&1 != 0:
		return nil, fmt.Errorf("npy: %sthe array %q is encrypted", a.path, name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return nil, fmt.Errorf("npy: %sthe array %q is compressed by method %d; wanted stored (0) or "+
			"deflated (8)", a.path, name, f.Method)
	}
	where := fmt.Sprintf("%sarray %q: ", a.path, name)
	content, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("npy: %s%w", where, err)
	}
	r, err := newReader(content, where, a.o)
	if err != nil {
		content.Close()
		return nil, err
	}
	r.close = content.Close
	return r, nil
}

// Close closes the file, if OpenArchive opened it.
func (a *Archive) Close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}
