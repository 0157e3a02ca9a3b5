package main

import (
	"cmp"
	"context"
	"fmt"

	"al.essio.dev/pkg/shellescape"
	"github.com/gomtl/gomtl/tracking"
	"github.com/urfave/cli/v3"
)

// exporter is a tool that runs can be written for.
type exporter struct {
	folder string // its usual name
	writer func(dir, experiment string) tracking.Writer
	look   string // how to look at a folder
}

var exporters = map[string]exporter{
	"tensorboard": {"tensorboard", func(dir, _ string) tracking.Writer { return &tracking.TensorBoard{Dir: dir} }, "tensorboard --logdir %s"},
	"mlflow": {"mlruns", func(dir, experiment string) tracking.Writer {
		return &tracking.MLflow{Dir: dir, Experiment: experiment}
	},
		"MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri %s"},
	"csv": {"csv", func(dir, _ string) tracking.Writer { return &tracking.CSV{Dir: dir} }, "a table for each run in %s"},
}

// exportCommand is "gomtl export -to TOOL RUN...".
func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write runs for TensorBoard, MLflow or as CSV",
		ArgsUsage: "RUN...",
		Description: "RUN is a run folder or a folder of run folders. A run that was exported before is replaced.\n\nExamples:\n\n" +
			"    gomtl export -to tensorboard runs\n    gomtl export -to mlflow -experiment digits -out mlruns runs/equal runs/uncertainty",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "tool: " + names(exporters), Required: true},
			&cli.StringFlag{Name: "out", Usage: "folder to write in (default: tensorboard, mlruns or csv)"},
			&cli.StringFlag{Name: "experiment", Usage: "MLflow's experiment (default: gomtl)"},
		},
		Action: func(_ context.Context, c *cli.Command) error {
			tool, found := exporters[c.String("to")]
			if !found {
				return fmt.Errorf("there is no tool %q: want one of %s", c.String("to"), names(exporters))
			}
			if c.IsSet("experiment") && c.String("to") != "mlflow" {
				return fmt.Errorf("-experiment is MLflow's; %s has none", c.String("to"))
			}
			if c.NArg() == 0 {
				return fmt.Errorf("want run folders or folders of them, got none; for example: gomtl export -to tensorboard runs")
			}
			out := cmp.Or(c.String("out"), tool.folder)
			exported, err := tracking.ExportFolders(c.Args().Slice(), tool.writer(out, c.String("experiment")))
			if err == nil {
				fmt.Fprintf(c.Root().Writer, "runs: %d\nlook: "+tool.look+"\n", len(exported), shellescape.Quote(out))
			}
			return err
		},
	}
}
