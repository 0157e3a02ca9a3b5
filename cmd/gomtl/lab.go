package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gomtl/gomtl/internal/setup"
	"github.com/urfave/cli/v3"
)

func labCommand() *cli.Command {
	return &cli.Command{
		Name:        "lab",
		Usage:       "open JupyterLab on the notebooks, after setting up whatever is missing",
		ArgsUsage:   "[FOLDER]",
		Description: "The kernel is called \"Go (gomtl)\".\n\nExample:\n\n    gomtl lab -port 8889",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "port", Value: 8888, Usage: "port on this machine"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if port := c.Int("port"); port < 1 || port > 65535 || c.NArg() > 1 {
				return fmt.Errorf("want one folder at most and a port from 1 to 65535, got %q and %d", c.Args().Slice(), port)
			}
			saves(ctx, true) // programs of the set-up are told, and end first
			steps, err := setup.ForLab()
			if err != nil {
				return err
			}
			if err := setup.Run(ctx, steps); err != nil {
				return err
			}
			folder := c.Args().First()
			if folder == "" {
				folder = "."
				if _, err := os.Stat("notebooks"); err == nil {
					folder = "notebooks"
				}
			}
			return setup.Lab(folder, c.Int("port"))
		},
	}
}
