package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/datasets/digits"
	"github.com/gomtl/gomtl/datasets/multidigits"
	"github.com/gomtl/gomtl/datasets/scenes"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/plotting/report"
	"github.com/gomtl/gomtl/plotting/terminal"
	"github.com/urfave/cli/v3"
)

// source is a data set that the command knows, and the model for some of its tasks.
type source struct {
	load  func() (*datasets.Set, error)
	model func(set *datasets.Set, tasks []string) (*mtl.Model, error)
}

var sources = map[string]source{
	"digits":      {digits.Load, smallPictures},
	"multidigits": {func() (*datasets.Set, error) { return multidigits.New(multidigits.Config{}) }, smallPictures},
	"scenes": {
		func() (*datasets.Set, error) { return scenes.New(scenes.Config{}) },
		func(_ *datasets.Set, tasks []string) (*mtl.Model, error) { return scenes.Model(tasks...) },
	},
}

func trainCommand() *cli.Command {
	return &cli.Command{
		Name:  "train",
		Usage: "train a shared convolutional trunk on a data set, without Jupyter",
		Description: "Writes a run folder (history, checkpoints) and its plots. The same command goes on with a run that was interrupted.\n\nExamples:\n\n" +
			"    gomtl train -data digits -out runs/digits\n    gomtl train -data multidigits -tasks left,owner -weighting uncertainty -steps 3000 -out runs/two",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "data", Usage: "data set: " + names(sources), Required: true},
			&cli.StringFlag{Name: "out", Usage: "run folder", Required: true},
			&cli.StringFlag{Name: "tasks", Usage: "tasks, separated by commas (default: all of the data set)"},
			&cli.StringFlag{Name: "weighting", Usage: "method of task weights or gradients: " + names(methods), Value: "Equal"},
			&cli.IntFlag{Name: "steps", Usage: "optimisation steps", Value: 1500},
			&cli.IntFlag{Name: "batch", Usage: "examples a step", Value: 64},
			&cli.FloatFlag{Name: "rate", Usage: "learning rate of Adam", Value: 1e-3},
			&cli.Int64Flag{Name: "seed", Usage: "fixes initial weights and data order", Value: 1},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := errors.Join(checkCounts(c, "steps", "batch"), checkRate(c), checkSeed(c)); err != nil {
				return err
			}
			data, found := sources[c.String("data")]
			if !found {
				return fmt.Errorf("there is no data set %q: want one of %s", c.String("data"), names(sources))
			}
			_, chosen, err := methodNamed(c.String("weighting"))
			if err != nil {
				return err
			}
			set, err := data.load()
			if err != nil {
				return err
			}
			wanted := set.TaskNames()
			if tasks := c.String("tasks"); tasks != "" {
				wanted = strings.Split(tasks, ",")
			}
			m, err := data.model(set, wanted)
			if err != nil {
				return err
			}
			return train(ctx, c.Root().Writer, m, set, mtl.FitOptions{
				Steps: c.Int("steps"), BatchSize: c.Int("batch"), LearningRate: c.Float("rate"), Seed: c.Int64("seed"),
				Weighting: chosen, RunDir: c.String("out"), Observers: []mtl.Observer{&terminal.Bar{}, trainingSaves{ctx}},
				Config: map[string]any{"data": set.Name},
			})
		},
	}
}

// train fits a model to its tasks of a set, tests the best checkpoint and draws the run.
func train(ctx context.Context, out io.Writer, m *mtl.Model, set *datasets.Set, options mtl.FitOptions) (err error) {
	tasks := m.TaskNames()
	if options.Backend, err = backend.New(ctx); err != nil {
		return err
	}
	options.Store = model.NewStore()
	h, err := mtl.Fit(ctx, m, mtl.Data{Train: set.Train.Only(tasks...), Validation: set.Validation.Only(tasks...)}, options)
	if err != nil {
		return err
	}
	if err := mtl.LoadCheckpoint(options.Store, options.RunDir, "best"); err != nil {
		return err
	}
	test, err := mtl.Evaluate(ctx, options.Backend, options.Store, m, set.Test.Only(tasks...))
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\nvalidation, at the end\n", history.Table(h), "\ntest, by the best checkpoint\n")
	for _, name := range tasks {
		for _, metric := range slices.Sorted(maps.Keys(test.Metric[name])) {
			fmt.Fprintf(out, "  %-8s %-14s %.4f\n", name, metric, test.Metric[name][metric])
		}
	}
	files, err := report.Write(h, filepath.Join(options.RunDir, "plots"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nrun:   %s\nplots: %s\n", options.RunDir, files[0])
	return nil
}

// smallPictures is a model for pictures of few pixels.
func smallPictures(set *datasets.Set, tasks []string) (*mtl.Model, error) {
	m := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Conv{Stages: []arch.Stage{{Channels: 16}, {Channels: 32, Stride: 2}, {Channels: 32}}}}}
	for _, name := range tasks {
		info, err := set.Task(name)
		if err != nil {
			return nil, err
		}
		task, err := info.New(mtl.WithHead(headFor(info)))
		if err != nil {
			return nil, err
		}
		m.Tasks = append(m.Tasks, task)
	}
	return m, nil
}

// headFor is a head for one task on a feature map half as wide and high as the picture.
func headFor(info datasets.TaskInfo) mtl.Head {
	switch info.Kind {
	case mtl.KindSegmentation:
		return mtl.PixelHead{Hidden: []int{64}, Outputs: len(info.Classes), Upsample: 2}
	case mtl.KindClassification, mtl.KindMultiLabel:
		return mtl.DenseHead{Hidden: []int{64}, Outputs: len(info.Classes)}
	default:
		return mtl.DenseHead{Hidden: []int{64}, Outputs: 1, Scalar: true}
	}
}

func names[V any](known map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
