package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/internal/setup"
	"github.com/urfave/cli/v3"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say for each part what is installed, whether it works, and what mends it",
		Description: "It changes nothing, and needs no network. It exits with 1 when something does not work.\n\n" +
			"The XLA plugin is compared with the SHA-256 that is compiled in. Where that plugin cannot be had, " + backend.UnpinnedEnv + "=1 lets the set-up take the one of\n" +
			"go-xla's releases, for which no checksum is published.\n\nExamples:\n\n" +
			"    gomtl doctor\n    gomtl doctor -json",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON array"}},
		Action: func(ctx context.Context, c *cli.Command) error {
			parts, err := setup.Examine(ctx)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				encoder := json.NewEncoder(c.Root().Writer)
				encoder.SetIndent("", "  ")
				err = encoder.Encode(parts)
			} else {
				printParts(c.Root().Writer, parts)
			}
			if slices.ContainsFunc(parts, func(p setup.Part) bool { return !p.OK && !p.Optional }) {
				err = errors.Join(err, errors.New("not everything works"))
			}
			return err
		},
	}
}

func printParts(to io.Writer, parts []setup.Part) {
	for _, p := range parts {
		if p.OK {
			fmt.Fprintf(to, "ok       %s: %s\n         %s\n", p.Name, strings.TrimSpace(p.Version), p.Path)
			continue
		}
		state := "BROKEN"
		if p.Optional {
			state = "absent"
		}
		fmt.Fprintf(to, "%s   %s: %s\n         mend it with: %s\n", state, p.Name, strings.ReplaceAll(p.Error, "\n", "\n         "), p.Mend)
	}
}
