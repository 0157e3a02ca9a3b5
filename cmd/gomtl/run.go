package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/gomtl/gomtl/internal/setup"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/urfave/cli/v3"
)

func runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "execute a notebook, after setting up whatever is missing",
		ArgsUsage: "NOTEBOOK.ipynb",
		Description: "Leaves the executed notebook, a page of it that needs no network, and the trained runs in a folder.\n" +
			"A run that was interrupted goes on when the same folder is given again.\n\nExamples:\n\n" +
			"    gomtl run notebooks/quickstart.ipynb\n    gomtl run -out output/mine notebooks/quickstart.ipynb",
		Flags: []cli.Flag{&cli.StringFlag{Name: "out", Usage: "folder for the results (default: output/NOTEBOOK-TIME)"}},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.NArg() != 1 {
				return fmt.Errorf("want one notebook, got %d arguments; for example: gomtl run notebooks/quickstart.ipynb", c.NArg())
			}
			saves(ctx, true) // a cell that is interrupted saves its state
			return run(ctx, c.Root().Writer, c.Args().First(), c.String("out"))
		},
	}
}

func run(ctx context.Context, to io.Writer, notebook, out string) error {
	if _, err := os.Stat(notebook); err != nil {
		return err
	}
	if out == "" {
		name := strings.TrimSuffix(filepath.Base(notebook), ".ipynb")
		out = filepath.Join("output", name+"-"+time.Now().Format("20060102-150405"))
	}
	steps, err := setup.ForNotebooks()
	if err != nil {
		return err
	}
	if err := setup.Run(ctx, steps); err != nil {
		return err
	}
	started := time.Now()
	result, err := setup.Execute(ctx, notebook, out)
	if _, missing := os.Stat(result.HTML); missing == nil { // it is written last, whatever happened in the cells
		table, tableErr := results(result.Runs, started)
		fmt.Fprintf(to, "notebook: %s\npage:     %s\nruns:     %s\n\n%s", result.Notebook, result.HTML, result.Runs, table)
		err = errors.Join(err, tableErr)
	}
	if errors.Is(err, setup.ErrInterrupted) {
		return fmt.Errorf("%w; to go on: gomtl run -out %s %s", err, shellescape.Quote(out), shellescape.Quote(notebook))
	}
	return err
}

// results are the runs and studies under dir that were written to since the notebook started: one table of all runs, oldest first, then each study's.
func results(dir string, since time.Time) (string, error) {
	var runs []*history.History
	var studies []*study.Study
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			info, err := os.Stat(filepath.Join(path, study.File))
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !info.ModTime().Before(since) {
				s, err := study.Load(path)
				if err != nil {
					return err
				}
				studies = append(studies, s)
			}
			return fs.SkipDir // its trials are in its table
		}
		if entry.Name() != history.RecordsFile {
			return nil
		}
		info, err := entry.Info()
		if err != nil || info.ModTime().Before(since) {
			return err
		}
		h, err := history.Load(filepath.Dir(path))
		runs = append(runs, h)
		return err
	})
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if len(runs) > 0 {
		slices.SortStableFunc(runs, func(a, b *history.History) int { return a.Run.Created.Compare(b.Run.Created) })
		text.WriteString(history.Table(runs...))
	}
	slices.SortStableFunc(studies, func(a, b *study.Study) int { return a.Created.Compare(b.Created) })
	for _, s := range studies {
		fmt.Fprintf(&text, "\n%s\n\n%s", s.Name, s)
	}
	return text.String(), nil
}
