// Command transfer measures what a trunk that was trained on segmentation brings to the classification of shapes, by the number of labels: training from
// scratch, fine-tuning, a frozen trunk and more, on datasets/scenes. It prints a Markdown table, and writes it with a figure into a folder.
//
//	go run ./benchmarks/transfer -out output/transfer
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets/scenes"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/transfer"
	"github.com/gomtl/gomtl/mtl/weighting"
	"github.com/gomtl/gomtl/plotting"
)

func main() {
	out := flag.String("out", "", "folder for the results; empty prints alone")
	steps := flag.Int("steps", 600, "optimisation steps of each run on the target")
	source := flag.Int("source", 800, "optimisation steps on the source")
	rate := flag.Float64("rate", 0.004, "learning rate")
	seeds := flag.Int("seeds", 3, "seeds 1, 2, ...")
	labels := flag.String("labels", "50,100,300,600", "numbers of labels")
	only := flag.String("only", "", "ways by their first letters, with commas; empty means all")
	flag.Parse()
	if err := run(*out, *steps, *source, *rate, *seeds, *labels, *only); err != nil {
		log.Fatal(err)
	}
}

func run(out string, steps, source int, rate float64, seeds int, labels, only string) error {
	ctx := context.Background()
	b, err := backend.New(ctx)
	if err != nil {
		return err
	}
	o, err := options(rate, labels, only)
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	o.SourceFit = mtl.FitOptions{Backend: b, Steps: source, LearningRate: rate, Log: quiet}
	o.Fit = mtl.FitOptions{Backend: b, Steps: steps, LearningRate: rate, Log: quiet}
	for seed := range seeds {
		o.Seeds = append(o.Seeds, int64(seed+1))
	}
	start := time.Now()
	found, err := transfer.Compare(ctx, o)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n%s; %d steps on the source, %d on the target, learning rate %g; %.0f s.\n", found, b.Description(), source, steps, rate, time.Since(start).Seconds())
	fmt.Print(text)
	if out == "" {
		return nil
	}
	data, err := json.MarshalIndent(found, "", " ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(out, 0o777), os.WriteFile(filepath.Join(out, "transfer.json"), data, 0o644), os.WriteFile(filepath.Join(out, "transfer.md"), []byte(text), 0o644),
		figure(found).Save(filepath.Join(out, "transfer.png")))
}

// options are scenes with masks for the source, and others with classes for the target.
func options(rate float64, labels, only string) (o transfer.Options, err error) {
	old, err := scenes.New(scenes.Config{Seed: 1, Test: 1})
	if err != nil {
		return o, err
	}
	added, err := scenes.New(scenes.Config{Seed: 2, Train: 600})
	if err != nil {
		return o, err
	}
	o.SourceTrain = keep(old.Train, scenes.TaskSegmentation)
	o.TargetTrain, o.TargetTest = keep(added.Train, scenes.TaskClass), keep(added.Test, scenes.TaskClass)
	if o.Source, err = scenes.Model(scenes.TaskSegmentation); err != nil {
		return o, err
	}
	if o.Target, err = scenes.Model(scenes.TaskClass); err != nil {
		return o, err
	}
	for _, text := range strings.Split(labels, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return o, err
		}
		o.Labels = append(o.Labels, n)
	}
	adam := optimizer.Adam().LearningRate(rate).Done()
	for _, w := range []transfer.Way{
		transfer.FromScratch(), transfer.FineTuned(), transfer.Frozen(),
		{Name: "rates by layer", Start: copyTrunk, Optimizer: transfer.LayerRates{Base: adam}},
		{Name: "L2-SP", Optimizer: transfer.Anchored{Base: adam, Strength: 0.1, Decay: 0.01}, Start: func(store, from *model.Store) error {
			return errors.Join(copyTrunk(store, from), transfer.Anchor(store))
		}},
		transfer.MultiTask(weighting.Fixed{scenes.TaskSegmentation: 64}),
	} {
		for _, name := range strings.Split(only, ",") {
			if strings.HasPrefix(w.Name, name) {
				o.Ways = append(o.Ways, w)
				break
			}
		}
	}
	return o, nil
}

func copyTrunk(store, from *model.Store) error { return transfer.CopyTrunk(from, store) }

// keep is the split with the labels of one task.
func keep(s *mtl.Split, task string) *mtl.Split {
	kept := *s
	kept.Labels = map[string]*tensors.Tensor{task: s.Labels[task]}
	return &kept
}

// figure draws the comparison.
func figure(c *transfer.Comparison) *plotting.Figure {
	panel := plotting.TrendPanel{}
	for way, name := range c.Ways {
		line := plotting.Trend{Name: name, Values: c.Values[way]}
		for _, n := range c.Labels {
			line.X = append(line.X, float64(n))
		}
		panel.Lines = append(panel.Lines, line)
	}
	return plotting.Trends{Title: "What a trunk trained on segmentation brings to classification", X: "labels of the target", Y: c.Metric, Log: true}.Figure(panel)
}
