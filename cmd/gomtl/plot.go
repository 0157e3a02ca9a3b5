package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/plotting/report"
	"github.com/urfave/cli/v3"
)

// plotCommand is "gomtl plot FOLDER".
func plotCommand() *cli.Command {
	return &cli.Command{
		Name:      "plot",
		Usage:     "draw a run's losses, weights and metrics, or what a sweep found",
		ArgsUsage: "FOLDER",
		Description: "Reads the folder of a run or of a sweep, finished or in progress, and writes each figure as SVG and PNG and one page, report.html, that\n" +
			"holds all of them and needs no other file.\n\nExamples:\n\n    gomtl plot runs/digits\n    gomtl plot -out figures runs/weights",
		Flags: []cli.Flag{&cli.StringFlag{Name: "out", Usage: "folder for the figures (default: FOLDER/plots)"}},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() != 1 {
				return fmt.Errorf("want the folder of one run or sweep, got %d arguments; for example: gomtl plot runs/digits", c.NArg())
			}
			dir := c.Args().First()
			out := c.String("out")
			if out == "" {
				out = filepath.Join(dir, "plots")
			}
			text, files, err := plotFolder(dir, out)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Root().Writer, "%s\npage:    %s\nfigures: %d beside it, as SVG and PNG\n", text, files[0], (len(files)-1)/2)
			return nil
		},
	}
}

// plotFolder writes the figures of a run or a study, and returns its table.
func plotFolder(dir, out string) (table string, files []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, study.File)); err == nil {
		s, err := study.Load(dir)
		if err != nil {
			return "", nil, err
		}
		files, err = report.WriteStudy(s, out)
		return s.String(), files, err
	}
	h, err := history.Load(dir)
	if err != nil {
		return "", nil, err
	}
	files, err = report.Write(h, out)
	return history.Table(h), files, err
}
