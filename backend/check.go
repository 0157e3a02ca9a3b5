package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gomtl/gomtl/internal/cache"
)

// stamp is a note next to a plugin that gomtl installed: what its digest was, and in which state of the
// file that was found. What digest is right is compiled into the program.
type stamp struct {
	Source string `json:"source"` // what the plugin was taken from
	SHA256 string `json:"sha256"`
	State  string `json:"state,omitempty"` // of the file when it was read, as cache.State gives it
}

func stampPath(plugin string) string { return plugin + ".json" }

// Check returns an error unless the plugin file at path can be loaded: one that gomtl installed must be
// the pinned file, any other a whole shared library for this processor that exports a PJRT plugin's
// entry point. It loads nothing.
//
// It reads the whole file unless that was done before, the file is the same since by device, number,
// size and both times, and nobody but this user and root can write it, its note or a folder above.
func Check(path string) error {
	if remembered(path) {
		return nil
	}
	return Verify(path)
}

// Verify is Check without trust in notes: it always reads the whole file.
func Verify(path string) error {
	want, err := digest(path)
	if err != nil {
		return err
	}
	if want == "" {
		return checkELF(path)
	}
	got, err := sha256File(path)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("backend: plugin %s is damaged or another file than the pinned one: want SHA-256 %s, got %s", path, want, got)
	}
	return nil
}

// remembered reports whether the file at path was found to be the right one before and is untouched.
func remembered(path string) bool {
	want, err := digest(path)
	if err != nil || want == "" {
		return false
	}
	s, err := readStamp(path)
	if err != nil || s.SHA256 != want || s.State == "" {
		return false
	}
	return s.State == cache.State(path) && cache.Exposed(path) == "" && cache.Exposed(stampPath(path)) == ""
}

// remember notes the state in which the plugin at path was found to be the right one. A note that
// cannot be written costs the next start the time to read the plugin, and nothing else.
func remember(path, state string) {
	want, err := digest(path)
	if err != nil || want == "" || state == "" {
		return
	}
	s, _ := readStamp(path) // a damaged one is written again
	s.SHA256, s.State = want, state
	_ = s.write(path)
}

// digest returns the SHA-256 that the plugin at path must have, "" for one that gomtl did not install.
func digest(path string) (string, error) {
	dir, err := pluginDir()
	path = filepath.Clean(path)
	if err != nil || filepath.Dir(filepath.Dir(path)) != dir {
		return "", err
	}
	if w, ok := wheels[platform]; ok && path == w.path(dir) {
		return w.PluginSHA256, nil
	}
	if path != releasePath(dir) {
		return "", fmt.Errorf("backend: plugin %s is none that this version of gomtl installs: no SHA-256 is known for it", path)
	}
	if !allowUnpinned() {
		return "", fmt.Errorf("backend: plugin %s has no pinned SHA-256: %s", path, askUnpinned)
	}
	s, err := readStamp(path)
	if err == nil && s.SHA256 == "" {
		err = fmt.Errorf("backend: plugin %s is incomplete: its SHA-256 was not noted when it was installed", path)
	}
	return s.SHA256, err
}

// readStamp reads the note of a plugin. One that is missing is empty.
func readStamp(plugin string) (s stamp, err error) {
	data, err := os.ReadFile(stampPath(plugin))
	if errors.Is(err, fs.ErrNotExist) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, fmt.Errorf("backend: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return stamp{}, fmt.Errorf("backend: the note %s is damaged: %w", stampPath(plugin), err)
	}
	return s, nil
}

func (s stamp) write(plugin string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return cache.WriteFile(stampPath(plugin), data, 0o644)
}

func sha256File(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("backend: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{file}, make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("backend: reading %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
