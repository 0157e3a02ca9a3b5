package main

import (
	"context"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/setup"
	"github.com/urfave/cli/v3"
)

func setupCommand() *cli.Command {
	return &cli.Command{
		Name:  "setup",
		Usage: "install what notebooks need: the XLA plugin, the GoNB kernel, JupyterLab",
		Description: "Everything goes to one folder of the user's: $GOMTL_HOME, else $XDG_CACHE_HOME/gomtl, else ~/.cache/gomtl.\n" +
			"What is there already is left alone.\n\nExample:\n\n    gomtl setup",
		Action: func(ctx context.Context, _ *cli.Command) error {
			saves(ctx, true) // programs of the set-up are told, and end first
			steps, err := setup.ForLab()
			if err != nil {
				return err
			}
			if err := setup.Run(ctx, steps); err != nil {
				return err
			}
			dir, err := cache.Dir()
			cache.Say("everything is set up in %s", dir)
			return err
		},
	}
}
