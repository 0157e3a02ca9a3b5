package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/gomtl/gomtl/plotting/report"
	"github.com/gomtl/gomtl/plotting/terminal"
	"github.com/urfave/cli/v3"
)

const sweepDescription = `Trains the tasks under every setting and writes a study folder: a run folder for each, results.csv, .json and .md. Settings that share a graph share one
compilation. The same command goes on with a sweep that was interrupted or killed.

NUMBERS are a list such as 1,4,16 and ranges FROM..TOxCOUNT in it: 1..1024x6 is 1,4,16,64,256,1024, each the same multiple of the one before;
lin:0..1x5 is 0,0.25,0.5,0.75,1, the same distance apart. -sobol and -random draw from ranges without a count.

What is given is combined: every list of weights with every other, with every list of values, every seed. Weights are for the method Fixed, which is the
one where there is no -methods; preferences for methods that have one, such as UPGrad; a value whose path begins with a method's name, such as
cagrad/c, for that method, any other for all.

Examples:

    gomtl sweep -data scenes -tasks cls,seg -weights seg=1..1024x6 -seeds 1,2,3 -out runs/weights
    gomtl sweep -data digits -weights simplex:6 -adaptive 20 -out runs/simplex
    gomtl sweep -data digits -setting digit=1,ink=8 -setting digit=1,ink=64 -out runs/two
    gomtl sweep -data digits -methods Fixed,Uncertainty,CAGrad -values cagrad/c=0.1,0.4,0.8 -out runs/methods
    gomtl sweep -data digits -values learning_rate=1e-4..1e-2 -sobol 16 -halving -out runs/rates

On several machines with one folder, each does its share, and collect puts them together (docs/sweeps.md):

    gomtl sweep -data digits -weights simplex:8 -out runs/big -backend slurm -shares 4
    sbatch runs/big/sweep.sbatch
    gomtl sweep collect runs/big`

func sweepCommand() *cli.Command {
	return &cli.Command{
		Name:                      "sweep",
		Usage:                     "train under many task weights, methods and hyper-parameters, and say which to take",
		Description:               sweepDescription,
		DisableSliceFlagSeparator: true, // values hold commas
		Flags:                     append(sweepFlags(), machineFlags()...),
		Commands:                  []*cli.Command{collectCommand()},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.NArg() > 0 {
				return fmt.Errorf("want flags only, got %q; for example: gomtl sweep -data digits -weights simplex:6 -out runs/simplex", c.Args().Slice())
			}
			if c.String("data") == "" || c.String("out") == "" {
				return fmt.Errorf("want -data and -out; for example: gomtl sweep -data digits -weights simplex:6 -out runs/simplex")
			}
			m, data, options, err := readSweep(c)
			if err != nil {
				return err
			}
			if engine := c.String("backend"); engine != "" {
				return writeJob(c, engine, m, data, options)
			}
			return runSweep(ctx, c, m, data, options)
		},
	}
}

// sweepFlags say what is swept, and how. A share of the sweep on another machine has the same.
func sweepFlags() []cli.Flag {
	const what, how = "Settings", "Training"
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "data set: " + names(sources), Local: true},
		&cli.StringFlag{Name: "out", Usage: "study folder", Local: true},
		&cli.StringFlag{Name: "tasks", Usage: "tasks, separated by commas (default: all of the data set)", Local: true},

		&cli.StringSliceFlag{Name: "weights", Category: what, Usage: "list of task weights: " + weightsHelp + "; a task that is not named has weight 1; may be given more than once", Local: true},
		&cli.StringSliceFlag{Name: "setting", Category: what, Usage: "one set of task weights more: " + settingHelp + "; may be given more than once", Local: true},
		&cli.StringSliceFlag{Name: "preferences", Category: what, Usage: "list of preferences, for methods that have one, as in -weights; may be given more than once", Local: true},
		&cli.StringFlag{Name: "methods", Category: what, Usage: "methods, separated by commas, or all: " + names(methods), Local: true},
		&cli.StringSliceFlag{Name: "set", Category: what, Usage: "a setting of a method, such as CAGrad.c=0.5; may be given more than once", Local: true},
		&cli.StringSliceFlag{Name: "values", Category: what, Usage: "values of a hyper-parameter: " + valuesHelp + "; may be given more than once", Local: true},
		&cli.IntFlag{Name: "sobol", Category: what, Usage: "draw so many settings from the ranges of -values, spread evenly; best a power of 2", HideDefault: true, Local: true},
		&cli.IntFlag{Name: "random", Category: what, Usage: "draw so many settings from the ranges of -values", HideDefault: true, Local: true},
		&cli.StringFlag{Name: "seeds", Category: what, Value: "1", Usage: "seeds of initial weights and data order, separated by commas; results are means over them", Local: true},
		&cli.Uint64Flag{Name: "seed", Category: what, Value: 1, Usage: "fixes what -random and dirichlet draw", Local: true},
		&cli.IntFlag{Name: "adaptive", Category: what, Usage: "add settings where the Pareto front is thin, up to so many in all, not counting seeds", HideDefault: true, Local: true},
		&cli.BoolFlag{Name: "halving", Category: what, Usage: "stop settings early that others dominate (successive halving)", Local: true},
		&cli.BoolFlag{Name: "no-baselines", Category: what, Usage: "do not train each task alone; leaves out Δm", Local: true},

		&cli.IntFlag{Name: "steps", Category: how, Usage: "optimisation steps of each setting", Value: 1500, Local: true},
		&cli.IntFlag{Name: "batch", Category: how, Usage: "examples a step", Value: 64, Local: true},
		&cli.FloatFlag{Name: "rate", Category: how, Usage: "learning rate of Adam, where -values has none", Value: 1e-3, Local: true},
		&cli.IntFlag{Name: "workers", Category: how, Usage: "settings trained at once (default: one for each core on a CPU, else one)", HideDefault: true, Local: true},
	}
}

// readSweep makes of the flags what sweep.Run takes, but for the backend.
func readSweep(c *cli.Command) (m *mtl.Model, data mtl.Data, options sweep.Options, err error) {
	if err := checkSweepNumbers(c); err != nil {
		return nil, data, options, err
	}
	from, found := sources[c.String("data")]
	if !found {
		return nil, data, options, fmt.Errorf("there is no data set %q: want one of %s", c.String("data"), names(sources))
	}
	set, err := from.load()
	if err != nil {
		return nil, data, options, err
	}
	tasks := set.TaskNames()
	if wanted := c.String("tasks"); wanted != "" {
		tasks = strings.Split(wanted, ",")
	}
	if m, err = from.model(set, tasks); err != nil {
		return nil, data, options, err
	}
	data = mtl.Data{Train: set.Train.Only(tasks...), Validation: set.Validation.Only(tasks...)}
	options = sweep.Options{
		Fit: mtl.FitOptions{Steps: c.Int("steps"), BatchSize: c.Int("batch"), LearningRate: c.Float("rate")},
		Dir: c.String("out"), Workers: c.Int("workers"), NoBaselines: c.Bool("no-baselines"),
	}
	if options.Settings, err = (search{
		weights: c.StringSlice("weights"), settings: c.StringSlice("setting"), preferences: c.StringSlice("preferences"), methods: c.String("methods"), set: c.StringSlice("set"),
		values: c.StringSlice("values"), sobol: c.Int("sobol"), random: c.Int("random"), seeds: c.String("seeds"), seed: c.Uint64("seed"),
	}).expand(tasks); err != nil {
		return nil, data, options, err
	}
	if c.IsSet("adaptive") {
		options.Adaptive = &sweep.Adaptive{Settings: c.Int("adaptive")}
	}
	if c.Bool("halving") {
		options.Halving = &sweep.Halving{}
	}
	if share := c.String("share"); share != "" {
		if options.Share, err = readShare(share); err != nil {
			return nil, data, options, err
		}
	}
	return m, data, options, nil
}

// runSweep trains, and prints what was found.
func runSweep(ctx context.Context, c *cli.Command, m *mtl.Model, data mtl.Data, options sweep.Options) (err error) {
	if options.Fit.Backend, err = backend.New(ctx); err != nil {
		return err
	}
	options.Observers = []study.Observer{&terminal.SweepBar{}, sweepSaves{ctx}}
	found, err := sweep.Run(ctx, m, data, options)
	out := c.Root().Writer
	switch share := options.Share; {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; what is done is in %s, and the same command goes on from there", options.Dir)
	case err != nil:
		return err
	case share.Count > 1:
		fmt.Fprintf(out, "share %d of %d is done; when all are: gomtl sweep collect %s\n", share.Index, share.Count, shellescape.Quote(options.Dir))
		return nil
	}
	return printStudy(out, found, options.Dir)
}

// printStudy prints the table of a study and draws its figures.
func printStudy(out io.Writer, s *study.Study, dir string) error {
	files, err := report.WriteStudy(s, filepath.Join(dir, "plots"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\nresults: %s, and as .csv and .json\nplots:   %s\n", s, filepath.Join(dir, study.MarkdownFile), files[0])
	return nil
}
