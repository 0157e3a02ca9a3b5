package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/urfave/cli/v3"
)

// checkArguments refuses what a command would pass over: arguments of one that takes none, and a
// folder whose name is empty.
func checkArguments(_ context.Context, c *cli.Command) error {
	if c.NArg() > 0 && c.ArgsUsage == "" && c.Root() != c {
		return fmt.Errorf("%s takes flags only, got %q; for its flags: %s -h", c.FullName(), c.Args().Slice(), c.FullName())
	}
	for _, flag := range c.Flags {
		name := flag.Names()[0]
		if _, ok := flag.(*cli.StringFlag); ok && c.IsSet(name) && strings.TrimSpace(c.String(name)) == "" {
			return fmt.Errorf("-%s is empty: want a value, or leave the flag out", name)
		}
	}
	return nil
}

// checkCounts refuses flags that were set to a whole number below 1.
func checkCounts(c *cli.Command, names ...string) error {
	for _, name := range names {
		if v := c.Int(name); c.IsSet(name) && v < 1 {
			return fmt.Errorf("-%s %d: want 1 or more", name, v)
		}
	}
	return nil
}

// checkRate refuses a learning rate that is not a number above 0.
func checkRate(c *cli.Command) error {
	if rate := c.Float("rate"); !(rate > 0) || math.IsInf(rate, 0) {
		return fmt.Errorf("-rate %v: want a number above 0", rate)
	}
	return nil
}

// checkSeed refuses 0, which would mean the default seed.
func checkSeed(c *cli.Command) error {
	if c.Int64("seed") == 0 {
		return fmt.Errorf("-seed 0: want another whole number")
	}
	return nil
}
