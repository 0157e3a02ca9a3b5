package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/mtl/study"
	"github.com/urfave/cli/v3"
)

// collectCommand is "gomtl sweep collect DIR".
func collectCommand() *cli.Command {
	return &cli.Command{
		Name:        "collect",
		Usage:       "put together what the shares of a sweep left in its folder",
		ArgsUsage:   "DIR",
		Description: "Checks that every trial is done, writes results.csv, .json and .md, and prints the table.\n\nExample:\n\n    gomtl sweep collect runs/weights",
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() != 1 {
				return fmt.Errorf("want one study folder, got %d arguments; for example: gomtl sweep collect runs/weights", c.NArg())
			}
			return collect(c.Root().Writer, c.Args().First())
		},
	}
}

func collect(out io.Writer, dir string) error {
	s, err := study.Load(dir)
	if err != nil {
		return err
	}
	var open, failed []string
	all := slices.Concat(s.Baselines, s.Trials)
	for _, t := range all {
		switch t.State {
		case study.Done, study.Dropped:
		case study.Failed:
			failed = append(failed, t.Dir(dir))
			if t.Alone != "" { // the table has the errors of the others
				failed[len(failed)-1] += ": " + t.Error
			}
		case study.Pending:
			open = append(open, t.Name()+": not begun")
		default:
			open = append(open, fmt.Sprintf("%s: at step %d of %d", t.Name(), t.Step, t.Steps))
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%d of %d trials in %s are not done:\n%s\nIf no share is running any more, submit the same job again, or run the same shares: what is done is not repeated",
			len(open), len(all), dir, some(open))
	}
	if err := s.WriteResults(dir); err != nil {
		return err
	}
	if err := printStudy(out, s, dir); err != nil {
		return err
	}
	if len(failed) > 0 {
		fmt.Fprintf(out, "\n%d of %d trials failed. To try one again, delete its folder and submit the same job again:\n%s\n", len(failed), len(all), some(failed))
	}
	return nil
}

// some are the first of many lines.
func some(lines []string) string {
	const most = 10
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most:most], fmt.Sprintf("... and %d more", more))
	}
	return "  " + strings.Join(lines, "\n  ")
}
