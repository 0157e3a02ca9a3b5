package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/gomtl/gomtl/internal/programs"
	"github.com/urfave/cli/v3"
)

func cacheCommand() *cli.Command {
	return &cli.Command{
		Name:  "cache",
		Usage: "list the compiled programs that are kept, or clear them",
		Description: "A program that was compiled once is loaded by later processes that need the same one. " + programs.Env + " names another folder, or \"off\";\n" +
			programs.LimitEnv + " is how many megabytes it may hold (default: 2048): what was not used for longest leaves first.\n\nExamples:\n\n" +
			"    gomtl cache\n    gomtl cache -json\n    gomtl cache -clear",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "clear", Usage: "remove every program"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object"},
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() > 0 {
				return fmt.Errorf("cache takes no arguments, got %q", c.Args().Slice())
			}
			if c.Bool("clear") && c.Bool("json") {
				return errors.New("-clear and -json do not go together")
			}
			store, err := programs.FromEnvironment()
			if err != nil {
				return err
			}
			out := c.Root().Writer
			switch {
			case store == nil:
				_, err = fmt.Fprintf(out, "no programs are kept: %s=off\n", programs.Env)
			case c.Bool("clear"):
				err = clearPrograms(out, store)
			default:
				err = listPrograms(out, store, c.Bool("json"))
			}
			return err
		},
	}
}

func clearPrograms(out io.Writer, store *programs.Store) error {
	removed, err := store.Clear()
	freed := int64(0)
	for _, e := range removed {
		freed += e.Bytes
	}
	_, printed := fmt.Fprintf(out, "removed %d program(s) of %s from %s\n", len(removed), programs.Megabytes(freed), store.Dir())
	return errors.Join(err, printed)
}

// listing is what -json prints.
type listing struct {
	Folder   string           `json:"folder"`
	Limit    int64            `json:"limit_bytes"`
	Loaded   int64            `json:"loaded"`
	Kept     int64            `json:"kept"`
	Programs []listingProgram `json:"programs"`
}

type listingProgram struct {
	Key     string    `json:"key"`
	Name    string    `json:"name"`
	Bytes   int64     `json:"bytes"`
	Seconds float64   `json:"compile_seconds"`
	Used    time.Time `json:"used"`
}

func listPrograms(out io.Writer, store *programs.Store, asJSON bool) error {
	entries, err := store.Entries()
	if err != nil {
		return err
	}
	if asJSON {
		l := listing{Folder: store.Dir(), Limit: store.Limit(), Programs: []listingProgram{}}
		l.Loaded, l.Kept = store.Counts()
		for _, e := range entries {
			l.Programs = append(l.Programs, listingProgram{e.Key, e.Name, e.Bytes, e.Took.Seconds(), e.Used.UTC()})
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(l)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(entries) > 0 {
		fmt.Fprintln(table, "last used\tcompiled in\tsize\tprogram\tkey")
	}
	for _, e := range entries {
		fmt.Fprintf(table, "%s\t%.1f s\t%s\t%s\t%.12s\n",
			e.Used.Format(time.DateTime), e.Took.Seconds(), programs.Megabytes(e.Bytes), e.Name, e.Key)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	usage, err := store.Usage()
	if err == nil {
		_, err = fmt.Fprintf(out, "%s: %s\n", store.Dir(), usage)
	}
	return err
}
