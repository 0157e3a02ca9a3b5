package tracking

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
)

// longest bounds a part of a name in bytes: MLflow takes 250 characters in all, file systems 255 bytes.
const longest = 100

// portable makes a name one part of a path that TensorBoard, MLflow and file systems take. Letters, digits, spaces, "_", "-" and "." stay, except
// a dot at the start; other characters become "_". A name that was changed, or cut, gets 8 digits of its SHA-256, so that no two become one.
func portable(name string) string {
	changed := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" _-.", r) {
			return r
		}
		return '_'
	}, name)
	if strings.HasPrefix(changed, ".") {
		changed = "_" + changed[1:]
	}
	if changed == name && name != "" && len(name) <= longest {
		return name
	}
	suffix := fmt.Sprintf("-%x", sha256.Sum256([]byte(name)))[:9]
	if room := longest - len(suffix); len(changed) > room {
		changed = strings.ToValidUTF8(changed[:room], "")
	}
	return changed + suffix
}

// place is where a run lies in a tool's folder: its name, whose slashes make folders.
func place(dir, name string) string {
	parts := []string{dir}
	for part := range strings.SplitSeq(name, "/") {
		parts = append(parts, portable(part))
	}
	return filepath.Join(parts...)
}
