package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting/report"
	"github.com/urfave/cli/v3"
)

// plotCommand is "gomtl plot RUN".
func plotCommand() *cli.Command {
	return &cli.Command{
		Name:      "plot",
		Usage:     "draw a run's losses, weights and metrics",
		ArgsUsage: "RUN",
		Description: "Reads a run folder, finished or in progress, and writes each figure as SVG and PNG and one page, report.html, that holds\n" +
			"all of them and needs no other file.\n\nExamples:\n\n    gomtl plot runs/digits\n    gomtl plot -out figures runs/digits",
		Flags: []cli.Flag{&cli.StringFlag{Name: "out", Usage: "folder for the figures (default: RUN/plots)"}},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() != 1 {
				return fmt.Errorf("want one run folder, got %d arguments; for example: gomtl plot runs/digits", c.NArg())
			}
			dir := c.Args().First()
			h, err := history.Load(dir)
			if err != nil {
				return err
			}
			out := c.String("out")
			if out == "" {
				out = filepath.Join(dir, "plots")
			}
			files, err := report.Write(h, out)
			if err != nil {
				return err
			}
			fmt.Printf("%s\npage:    %s\nfigures: %d beside it, as SVG and PNG\n", history.Table(h), files[0], (len(files)-1)/2)
			return nil
		},
	}
}
