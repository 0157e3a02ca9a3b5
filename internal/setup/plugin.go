package setup

import (
	"context"
	"errors"
	"os"

	"github.com/gomlx/compute"
	"github.com/gomtl/gomtl/backend"
)

// pluginStep installs the PJRT plugin, through which XLA is reached.
func pluginStep() Step {
	return Step{
		Name:     "XLA (PJRT plugin)",
		Optional: !backend.RequireXLA(),
		Check: func(context.Context) (Found, error) {
			if config := os.Getenv(compute.ConfigEnvVar); config != "" {
				return Found{Path: config, Version: "chosen by " + compute.ConfigEnvVar}, nil
			}
			plugin, err := usablePlugin()
			return Found{Path: plugin.Path, Version: plugin.Name}, err
		},
		Do: func(ctx context.Context) error {
			_, err := backend.Install(ctx)
			return err
		},
	}
}

// usablePlugin returns the first installed plugin whose file is whole.
func usablePlugin() (backend.Plugin, error) {
	plugins, err := backend.Plugins()
	for _, p := range plugins {
		broken := backend.Check(p.Path)
		if broken == nil {
			return p, nil
		}
		err = errors.Join(err, broken)
	}
	if err == nil {
		err = backend.ErrNoPlugin
	}
	return backend.Plugin{}, err
}
