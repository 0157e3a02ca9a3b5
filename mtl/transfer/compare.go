package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Options say what Compare compares.
type Options struct {
	// Source is trained first, on SourceTrain; Target on as many labels of TargetTrain as Labels says. The first metric of the target's first task, on TargetTest, is compared.
	Source, Target                       *mtl.Model
	SourceTrain, TargetTrain, TargetTest *mtl.Split
	// SourceFit and Fit train the two; Seed, Store and RunDir are set here. Fit's figures are those of its last step.
	SourceFit, Fit mtl.FitOptions
	// Labels are the numbers of labelled examples; nil means 1, 5, 20 and 100 % of TargetTrain. Those of a smaller number are among those of a larger one.
	Labels []int
	// Seeds fix initial weights and data order; nil means 1, 2 and 3. Which examples are labelled is the same for all.
	Seeds []int64
	// Ways are compared; nil means FromScratch, FineTuned, Frozen and MultiTask with the weighting of Fit.
	Ways []Way
	// Dir keeps a run folder for each run, so that the same call goes on after an interrupt; empty keeps none.
	Dir string
	// Log receives a line a run; nil means slog.Default().
	Log *slog.Logger
}

// Compare trains the target task on few and on more labels, in several ways, and evaluates each run. Ways of one graph share a compilation, and the seeds always do.
func Compare(ctx context.Context, o Options) (*Comparison, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c := &comparing{Options: o}
	result := c.empty()
	err := c.run(ctx, result)
	for _, s := range c.sources {
		s.Finalize()
	}
	if c.evaluator != nil {
		err = errors.Join(err, c.evaluator.Close())
	}
	return result, err
}

// complete checks and fills in.
func (o *Options) complete() error {
	switch {
	case o.Source == nil || o.Target == nil || o.SourceTrain.Len() == 0 || o.TargetTrain.Len() == 0 || o.TargetTest.Len() == 0:
		return fmt.Errorf("transfer: Compare needs Source and Target with splits SourceTrain, TargetTrain and TargetTest that have examples")
	case len(o.Target.Tasks) == 0 || len(o.Target.Tasks[0].Metrics) == 0:
		return fmt.Errorf("transfer: the target model has no task with a metric to compare")
	}
	n := o.TargetTrain.Len()
	if o.Labels == nil {
		for _, percent := range []int{1, 5, 20, 100} {
			o.Labels = append(o.Labels, max(1, n*percent/100))
		}
	}
	for _, count := range o.Labels {
		if count < 1 || count > n {
			return fmt.Errorf("transfer: %d labels asked for; TargetTrain has %d examples", count, n)
		}
	}
	if o.Seeds == nil {
		o.Seeds = []int64{1, 2, 3}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Fit.SaveEvery == 0 {
		o.Fit.SaveEvery = o.Fit.Steps // with few labels an epoch, the usual time between checkpoints, is a few steps
	}
	if o.Ways == nil {
		o.Ways = []Way{FromScratch(), FineTuned(), Frozen(), MultiTask(o.Fit.Weighting)}
	}
	return nil
}

// comparing is the state of a call of Compare.
type comparing struct {
	Options
	sources   []*model.Store // trained, one a seed
	evaluator *mtl.Evaluator
}

func (c *comparing) empty() *Comparison {
	t := c.Target.Tasks[0]
	result := &Comparison{Task: t.Name, Metric: t.Metrics[0].Name(), HigherIsBetter: t.Metrics[0].HigherIsBetter(), Labels: c.Labels, Seeds: c.Seeds}
	for _, w := range c.Ways {
		result.Ways = append(result.Ways, w.Name)
		result.Values = append(result.Values, make([][]float64, len(c.Labels)))
	}
	return result
}

func (c *comparing) run(ctx context.Context, result *Comparison) (err error) {
	if c.evaluator, err = mtl.NewEvaluator(c.Fit.Backend, c.Target, c.TargetTest); err != nil {
		return err
	}
	if err := c.pretrain(ctx); err != nil {
		return err
	}
	for at, count := range c.Labels {
		part, err := pick(c.TargetTrain, drawn(c.TargetTrain.Len(), count, 1))
		if err != nil {
			return err
		}
		done := make([]bool, len(c.Ways))
		for first := range c.Ways {
			if done[first] {
				continue
			}
			var group []int // ways with the same graph
			for k := first; k < len(c.Ways); k++ {
				if k == first || c.Ways[k].graph() == c.Ways[first].graph() && c.Ways[first].Optimizer == nil && c.Ways[k].Optimizer == nil && !c.Ways[k].Together {
					group, done[k] = append(group, k), true
				}
			}
			if err := c.group(ctx, group, count, part, func(way int, value float64) {
				result.Values[way][at] = append(result.Values[way][at], value)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// graph tells ways apart whose training graphs differ.
func (w Way) graph() string { return fmt.Sprint(w.Together, strings.Join(w.Freeze, ",")) }

// pretrain trains the source, where a way uses it.
func (c *comparing) pretrain(ctx context.Context) (err error) {
	needed := false
	for _, w := range c.Ways {
		needed = needed || w.Start != nil
	}
	if !needed {
		return nil
	}
	compiled, err := mtl.Compile(c.Source, mtl.Data{Train: c.SourceTrain}, c.SourceFit)
	if err != nil {
		return fmt.Errorf("transfer: the source: %w", err)
	}
	defer func() { err = errors.Join(err, compiled.Close()) }()
	for _, seed := range c.Seeds {
		store := model.NewStore()
		c.sources = append(c.sources, store)
		if _, err := compiled.Fit(ctx, mtl.RunOptions{Store: store, Seed: seed, RunDir: c.dir("source", fmt.Sprintf("seed-%d", seed))}); err != nil {
			return fmt.Errorf("transfer: the source with seed %d: %w", seed, err)
		}
		c.Log.Info(fmt.Sprintf("transfer: the source is trained, seed %d", seed))
	}
	return nil
}

func (c *comparing) dir(parts ...string) string {
	if c.Dir == "" {
		return ""
	}
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(p, " ", "-")
	}
	return filepath.Join(append([]string{c.Dir}, parts...)...)
}

// group trains ways of one graph on the labelled part, with every seed.
func (c *comparing) group(ctx context.Context, ways []int, count int, part *mtl.Split, found func(way int, value float64)) (err error) {
	first := c.Ways[ways[0]]
	m, fit := c.Target, c.Fit
	if first.Together {
		repeated, err := pick(part, cycled(part.Len(), max(part.Len(), c.SourceTrain.Len())))
		if err != nil {
			return err
		}
		if part, err = Join(repeated, c.SourceTrain); err != nil {
			return err
		}
		m = Extend(c.Source, c.Target.Tasks...)
		if first.Weighting != nil {
			fit.Weighting = first.Weighting
		}
	}
	fit.Store, fit.RunDir = model.NewStore(), ""
	mtl.Freeze(fit.Store, first.Freeze...)
	if first.Optimizer != nil {
		fit.Optimizer = first.Optimizer
		if first.Start != nil { // its anchors belong to the graph
			if err := first.Start(fit.Store, c.sources[0]); err != nil {
				return fmt.Errorf("transfer: %s: %w", first.Name, err)
			}
		}
	}
	compiled, err := mtl.Compile(m, mtl.Data{Train: part}, fit)
	if err != nil {
		return fmt.Errorf("transfer: %s: %w", first.Name, err)
	}
	defer func() { err = errors.Join(err, compiled.Close()) }()
	for _, k := range ways {
		for i, seed := range c.Seeds {
			value, err := c.one(ctx, compiled, k, i, mtl.RunOptions{Seed: seed, RunDir: c.dir(c.Ways[k].Name, fmt.Sprintf("labels-%d-seed-%d", count, seed))})
			if err != nil {
				return fmt.Errorf("transfer: %s with %d labels and seed %d: %w", c.Ways[k].Name, count, seed, err)
			}
			c.Log.Info(fmt.Sprintf("transfer: %s, %d labels, seed %d: %.4g", c.Ways[k].Name, count, seed, value))
			found(k, value)
		}
	}
	return nil
}

// one trains and evaluates one run.
func (c *comparing) one(ctx context.Context, compiled *mtl.Compiled, way, seed int, run mtl.RunOptions) (float64, error) {
	w := c.Ways[way]
	run.Store = model.NewStore()
	defer run.Store.Finalize()
	mtl.Freeze(run.Store, w.Freeze...)
	if w.Start != nil {
		if err := w.Start(run.Store, c.sources[seed]); err != nil {
			return 0, err
		}
	}
	if _, err := compiled.Fit(ctx, run); err != nil {
		return 0, err
	}
	evaluation, err := c.evaluator.Evaluate(ctx, run.Store)
	if err != nil {
		return 0, err
	}
	t := c.Target.Tasks[0]
	return evaluation.Metric[t.Name][t.Metrics[0].Name()], nil
}
