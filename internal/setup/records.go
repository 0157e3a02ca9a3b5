package setup

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkPackages compares every file of the installed Python packages with the SHA-256 that the package's
// list of files has for it. A change of a file and its list together it does not see.
func (l layout) checkPackages(ctx context.Context) (Found, error) {
	lists, err := filepath.Glob(filepath.Join(l.venv(), "lib", "python*", "site-packages", "*.dist-info", "RECORD"))
	if err != nil {
		return Found{}, err
	}
	if len(lists) == 0 {
		return Found{}, fmt.Errorf("there are no Python packages in %s", l.venv())
	}
	site := filepath.Dir(filepath.Dir(lists[0]))
	listed := map[string]bool{}
	var problems []string
	for _, list := range lists {
		if err := ctx.Err(); err != nil {
			return Found{}, err
		}
		wrong, err := compareRecord(site, list, listed)
		if err != nil {
			return Found{}, err
		}
		problems = append(problems, wrong...)
	}
	added, err := unlisted(site, listed)
	if err != nil {
		return Found{}, err
	}
	if problems = append(problems, added...); len(problems) > 0 {
		slices.Sort(problems)
		return Found{}, fmt.Errorf("%d files of the Python packages are not those that were installed: %s",
			len(problems), strings.Join(problems[:min(3, len(problems))], ", "))
	}
	return Found{Path: site, Version: fmt.Sprintf("%d files in %d packages", len(listed), len(lists))}, nil
}

// compareRecord returns the files of a package that are not what its list says, and marks all as listed.
func compareRecord(site, list string, listed map[string]bool) (wrong []string, err error) {
	text, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, text.Close()) }()
	reader := csv.NewReader(text)
	reader.FieldsPerRecord = 3 // path, digest, size
	for {
		line, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return wrong, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", list, err)
		}
		path := line[0]
		if !filepath.IsAbs(path) {
			path = filepath.Join(site, path)
		}
		listed[path] = true
		want, hashed := strings.CutPrefix(line[1], "sha256=")
		if !hashed {
			continue // the list itself
		}
		if got, err := recordDigest(path); err != nil || got != want {
			wrong = append(wrong, path)
		}
	}
}

// recordDigest is a file's SHA-256 as lists of files write it.
func recordDigest(path string) (string, error) {
	data, err := os.ReadFile(path)
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:]), err
}

// unlisted returns the files among the packages that no list has. What Python compiled is not looked at.
func unlisted(site string, listed map[string]bool) (added []string, err error) {
	err = filepath.WalkDir(site, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "__pycache__":
			return filepath.SkipDir
		case !entry.IsDir() && !listed[path]:
			added = append(added, path)
		}
		return nil
	})
	return added, err
}
