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
	"time"

	"github.com/gomtl/gomtl/internal/cache"
)

// stamp is written beside a plugin that gomtl installed, before the plugin appears.
type stamp struct {
	Source   string    `json:"source"` // what the plugin was taken from
	SHA256   string    `json:"sha256"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

func stampPath(plugin string) string { return plugin + ".json" }

// Check returns an error unless the plugin file at path can be loaded: one that gomtl installed must be the file it was, any other
// a whole shared library for this processor that exports a PJRT plugin's entry point. It loads nothing.
func Check(path string) error {
	s, err := readStamp(path)
	if err != nil {
		return err
	}
	if s == nil {
		return checkELF(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	// Hashing 200 MB at each start would be felt in every notebook cell: a file untouched since it was checked is not read again.
	if info.Size() == s.Size && info.ModTime().Equal(s.Modified) {
		return nil
	}
	return Verify(path)
}

// Verify is Check without trust in the file's size and time: it reads the whole file.
func Verify(path string) error {
	s, err := readStamp(path)
	if err != nil {
		return err
	}
	if s != nil {
		sum, err := sha256File(path)
		if err != nil {
			return err
		}
		if sum != s.SHA256 {
			return fmt.Errorf("backend: plugin %s is damaged: want SHA-256 %s, got %s", path, s.SHA256, sum)
		}
	}
	return checkELF(path)
}

// readStamp returns nil for a plugin that gomtl did not install.
func readStamp(plugin string) (*stamp, error) {
	data, err := os.ReadFile(stampPath(plugin))
	if errors.Is(err, fs.ErrNotExist) {
		if owned(plugin) {
			return nil, fmt.Errorf("backend: plugin %s is incomplete: its record %s is missing", plugin, stampPath(plugin))
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("backend: %w", err)
	}
	var s stamp
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("backend: the record %s is damaged: %w", stampPath(plugin), err)
	}
	return &s, nil
}

// writeStamp records the finished file temp, which is going to be plugin.
func writeStamp(temp, plugin, source string) error {
	info, err := os.Stat(temp)
	if err != nil {
		return err
	}
	sum, err := sha256File(temp)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(stamp{Source: source, SHA256: sum, Size: info.Size(), Modified: info.ModTime()}, "", "  ")
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
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("backend: reading %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
