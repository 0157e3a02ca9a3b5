// Package setup installs what gomtl's notebooks need, into the cache folder and Go's own caches: the PJRT plugin, the GoNB kernel, JupyterLab. Each part
// is pinned, is checked before it is made, is made under a lock and appears only when it is whole: a set-up can be killed and
// repeated at any point.
package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
)

// Found says what a check found.
type Found struct {
	Path    string
	Version string
}

// Step is one part of the set-up.
type Step struct {
	Name string
	// Check returns what is installed, an error when it is missing or broken. It needs no network and changes nothing.
	Check func(ctx context.Context) (Found, error)
	// Do installs it. Nil for what the user has to bring.
	Do func(ctx context.Context) error
	// Optional steps may fail: the rest works without them.
	Optional bool
	// Mend is the command, or the advice, that brings what Do cannot.
	Mend string
}

// layout is where things lie in the cache folder.
type layout struct{ home string }

func newLayout() (layout, error) {
	home, err := cache.Dir()
	return layout{home}, err
}

func (l layout) goTools() string { return filepath.Join(l.home, "go-tools-"+goToolsID()) }
func (l layout) gopls() string   { return filepath.Join(l.home, "gopls-"+goToolsID()) }
func (l layout) venv() string    { return filepath.Join(l.home, "python-"+pythonID()) }
func (l layout) python() string  { return filepath.Join(l.venv(), "bin", "python") }
func (l layout) kernel() string {
	return filepath.Join(l.venv(), "share", "jupyter", "kernels", KernelName)
}

// id names a version of something made from parts: another content, another folder.
func id(parts ...[]byte) string {
	hash := sha256.New()
	for _, p := range parts {
		hash.Write(p)
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// ForNotebooks returns the steps that executing a notebook needs.
func ForNotebooks() ([]Step, error) {
	l, err := newLayout()
	if err != nil {
		return nil, err
	}
	return []Step{goStep(), l.compilerStep(), pythonStep(), pluginStep(), l.goToolsStep(), l.packagesStep(), l.kernelStep(), libraryStep()}, nil
}

// ForLab returns the steps that working in JupyterLab needs: those of ForNotebooks and code completion.
func ForLab() ([]Step, error) {
	l, err := newLayout()
	if err != nil {
		return nil, err
	}
	steps, err := ForNotebooks()
	return append(steps, l.goplsStep()), err
}

// Run makes sure that all steps are done, does those that are not, and says so. When all are done it changes nothing and says nothing.
func Run(ctx context.Context, steps []Step) error {
	dir, err := cache.Dir()
	if err != nil {
		return err
	}
	if err := exposure(dir); err != nil {
		cache.Say("warning: %v", err)
	}
	var unlock func()
	for i, s := range steps {
		if _, err := s.Check(ctx); err == nil {
			continue
		}
		if unlock == nil { // the first thing that is missing: from here on this is the only set-up at work
			if unlock, err = cache.Lock(ctx, dir); err != nil {
				return err
			}
			defer unlock()
			var release func()
			if ctx, release, err = holding(ctx, dir); err != nil {
				return err
			}
			defer release()
		}
		if err := s.run(ctx, fmt.Sprintf("[%d/%d] %s", i+1, len(steps), s.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (s Step) run(ctx context.Context, title string) error {
	if _, err := s.Check(ctx); err == nil {
		return nil // another set-up did it meanwhile
	} else if s.Do == nil {
		return fmt.Errorf("%s: %w; %s", s.Name, err, s.Mend)
	}
	cache.Say("%s", title)
	start := time.Now()
	err := s.Do(ctx)
	if err == nil {
		_, err = s.Check(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && s.Optional:
		cache.Say("%s: %v; going on without it", s.Name, err)
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	cache.Say("%s: done in %.0f s", title, time.Since(start).Seconds())
	return nil
}
