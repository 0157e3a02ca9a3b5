package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/urfave/cli/v3"
)

// exporting runs the command in a folder with two runs and returns what it prints.
func exporting(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{"equal", "uncertainty"} {
		w, err := history.Create(filepath.Join("runs", name), history.Run{Name: name, Steps: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(history.Record{Step: 2, Split: history.Train, Loss: map[string]float64{"digit": 0.5}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	app := &cli.Command{Name: "gomtl", Writer: &out, ErrWriter: &out, Commands: []*cli.Command{exportCommand()}}
	err := app.Run(context.Background(), append([]string{"gomtl", "export"}, args...))
	return out.String(), err
}

func TestExport(t *testing.T) {
	for _, c := range []struct {
		args  []string
		print string
		files []string // patterns of one file each
	}{
		{[]string{"-to", "csv", "runs"}, "runs: 2\nlook: a table for each run in csv\n", []string{"csv/runs/equal.csv", "csv/runs/uncertainty.csv"}},
		{[]string{"-to", "tensorboard", "-out", "board", "runs/equal", "runs/uncertainty"}, "runs: 2\nlook: tensorboard --logdir board\n",
			[]string{"board/equal/train/events.out.tfevents.*", "board/uncertainty/events.out.tfevents.*"}},
		{[]string{"-to", "mlflow", "-experiment", "digits", "runs/equal"},
			"runs: 1\nlook: MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri mlruns\n", []string{"mlruns/*/*/metrics/train/loss/digit"}},
	} {
		out, err := exporting(t, c.args...)
		if err != nil || out != c.print {
			t.Errorf("%q prints %q, error %v; wanted %q", c.args, out, err, c.print)
		}
		for _, pattern := range c.files {
			if found, err := filepath.Glob(pattern); err != nil || len(found) != 1 {
				t.Errorf("%q wrote %q where one %s was wanted (%v)", c.args, found, pattern, err)
			}
		}
	}
}

func TestExportErrors(t *testing.T) {
	for _, c := range []struct {
		args  []string
		parts []string
	}{
		{[]string{"-to", "wandb", "runs"}, []string{`"wandb"`, "csv, mlflow, tensorboard"}},
		{[]string{"runs"}, []string{`"to"`}},
		{[]string{"-to", "csv"}, []string{"none", "gomtl export"}},
		{[]string{"-to", "csv", "-experiment", "x", "runs"}, []string{"MLflow", "csv"}},
		{[]string{"-to", "csv", "run"}, []string{"run"}},
		{[]string{"-to", "csv", "-out", "runs/equal/run.json", "runs"}, []string{"runs/equal/run.json"}},
	} {
		_, err := exporting(t, c.args...)
		if err == nil {
			t.Errorf("%q: no error", c.args)
			continue
		}
		for _, part := range c.parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: error %q lacks %q", c.args, err, part)
			}
		}
		if _, err := os.Stat("csv"); err == nil {
			t.Errorf("%q wrote something", c.args)
		}
	}
}
