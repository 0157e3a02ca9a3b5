package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Plugin is a PJRT plugin file found on this machine.
type Plugin struct {
	Name string // "cpu" or "cuda"
	Path string
}

// Plugins lists the installed CUDA plugins, where an NVIDIA driver answers, and CPU plugins, in the order in which New tries
// them: those of PJRT_PLUGIN_LIBRARY_PATH when it is set, then gomtl's own, then those of go-xla's library folders.
func Plugins() ([]Plugin, error) {
	own, err := ownPlugins()
	if err != nil {
		return nil, err
	}
	cuda, foreign := foreignPlugins()
	var cpu []Plugin
	for _, path := range own {
		if _, err := os.Stat(path); err == nil {
			cpu = append(cpu, Plugin{"cpu", path})
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("backend: %w", err)
		}
	}
	if os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") != "" {
		cpu = append(foreign, cpu...)
	} else {
		cpu = append(cpu, foreign...)
	}
	return append(cuda, cpu...), nil
}

// resolve finds the file of a plugin that GOMLX_BACKEND names: a path, "cuda", "cpu", or nothing for any.
func resolve(ctx context.Context, name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	plugins, err := Plugins()
	if err != nil {
		return "", err
	}
	for _, p := range plugins {
		if name == "" || p.Name == name {
			return p.Path, nil
		}
	}
	if name == "" || name == "cpu" {
		return Install(ctx)
	}
	return "", fmt.Errorf("no plugin %q is installed, found %v", name, plugins)
}
