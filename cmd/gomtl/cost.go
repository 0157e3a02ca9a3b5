package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/urfave/cli/v3"
)

func costCommand() *cli.Command {
	return &cli.Command{
		Name:  "cost",
		Usage: "tell what a training step takes, before training",
		Description: "Builds and compiles one step of what `gomtl train` would run, for each method, and prints a table; nothing is trained. Memory is what\n" +
			"training adds to a process that has compiled and holds the data. Time is of one step, from a short measurement of the device.\n\nExamples:\n\n" +
			"    gomtl cost -data digits\n    gomtl cost -data scenes -methods Equal,MGDA,UPGrad -batch 64 -accumulate 4\n    gomtl cost -data digits -archs HardSharing,CrossStitch,MMoE,PLE",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "data", Usage: "data set: " + names(sources), Required: true},
			&cli.StringFlag{Name: "tasks", Usage: "tasks, separated by commas (default: all of the data set)"},
			&cli.StringFlag{Name: "methods", Usage: "methods of task weights or gradients, separated by commas", Value: "Equal,MGDA"},
			&cli.StringFlag{Name: "archs", Usage: "architectures over a small convolutional network, separated by commas: " + names(architectures) + " (default: the data set's own model)"},
			&cli.IntFlag{Name: "batch", Usage: "examples a step", Value: 64},
			&cli.IntFlag{Name: "accumulate", Usage: "parts that a step takes its batch in", Value: 1},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := checkCounts(c, "batch", "accumulate"); err != nil {
				return err
			}
			data, found := sources[c.String("data")]
			if !found {
				return fmt.Errorf("there is no data set %q: want one of %s", c.String("data"), names(sources))
			}
			set, err := data.load()
			if err != nil {
				return err
			}
			wanted := set.TaskNames()
			if tasks := c.String("tasks"); tasks != "" {
				wanted = strings.Split(tasks, ",")
			}
			b, err := backend.New(ctx)
			if err != nil {
				return err
			}
			speed, err := mtl.MeasureSpeed(b)
			if err != nil {
				return err
			}
			var rows []costRow
			for _, architecture := range strings.Split(c.String("archs"), ",") {
				for _, name := range strings.Split(c.String("methods"), ",") {
					name, method, err := methodNamed(name)
					if err != nil {
						return err
					}
					for _, row := range []costRow{{name: name, method: method}, {name: name + " on the representation", method: mtl.Gradients{Method: method, Target: mtl.Representation{}}}} {
						m, err := data.model(set, wanted)
						if err != nil {
							return err
						}
						if architecture != "" {
							if m.Arch, found = architectures[architecture]; !found {
								return fmt.Errorf("there is no architecture %q: want one of %s", architecture, names(architectures))
							}
							if architecture != "HardSharing" && strings.HasSuffix(row.name, "representation") { // the tasks have none in common
								break
							}
							row.name = architecture + ", " + row.name
						}
						row.cost, err = mtl.CostOf(m, mtl.Data{Train: set.Train.Only(wanted...)}, mtl.FitOptions{
							Backend: b, Steps: 1, BatchSize: c.Int("batch"), Accumulate: c.Int("accumulate"), Weighting: row.method, Log: slog.New(slog.DiscardHandler),
						})
						if err != nil {
							return fmt.Errorf("%s: %w", row.name, err)
						}
						rows = append(rows, row)
						if row.cost.Jacobian == 0 { // it takes no gradients anywhere
							break
						}
					}
				}
			}
			return writeCosts(c.Root().Writer, wanted, rows, speed)
		},
	}
}

// costRow is the cost of training with one method.
type costRow struct {
	name   string
	method mtl.Weighting
	cost   *mtl.Cost
}

// writeCosts prints what a step of each row takes, and the parameters: shared, and of all tasks' own.
func writeCosts(w io.Writer, tasks []string, rows []costRow, speed mtl.Speed) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "method\tshared\town\tforward\tstep\ttime\ttask gradients\tvariables\tstate\tmemory")
	for _, row := range rows {
		c, memory, own := row.cost, "unknown", 0
		if c.Known {
			memory = megabytes(c.Running())
		}
		for _, name := range tasks {
			own += c.Own[name]
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%.2f GFLOP\t%.2f GFLOP\t%.2f ms\t%s\t%s\t%s\t%s\n", row.name, c.Shared, own, c.Forward/1e9, c.Step/1e9,
			float64(c.Time(speed).Nanoseconds())/1e6, megabytes(c.Jacobian), megabytes(c.Variables), megabytes(c.State), memory)
	}
	return table.Flush()
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }
