package mtl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl/compilation"
	"github.com/gomtl/gomtl/mtl/history"
)

// Compiled is a model with its training and validation programs and its data on the device, compiled once for any number of runs that share a graph:
// they differ in seed, learning rate, hyper-parameters of weighting and layers, and initial variables, all of which are inputs. Several goroutines
// may call Fit at once; each run holds its own variables and nothing else. Its memory is freed by Close.
type Compiled struct {
	model    *Model
	data     Data
	options  FitOptions
	executor *executor
	evaluate *evaluator // nil without validation data
	probes   []*prober
	store    *model.Store
	initial  *initializer
	counted  compilation.Count // of its programs, and of what else the process compiled meanwhile

	opening   sync.Mutex
	described map[*Split]string // what run.json says of the data
	opened    *iteration        // of Data.Stream, for the first run: compiling took its first batch
}

// Compile builds and compiles what Fit runs. Of opts, Seed, LearningRate, RunDir, Observers, Log and Config are what a run has unless its RunOptions
// say otherwise; a LearningRate must be set here for runs to have their own.
func Compile(m *Model, data Data, opts FitOptions) (c *Compiled, err error) {
	c = &Compiled{model: m, data: data}
	before := compilation.Total()
	// Graph building panics, by GoMLX's convention; a caller gets an error.
	if panicked := try(func() {
		if err = c.check(opts); err == nil {
			err = c.build()
		}
	}); panicked != nil {
		err = fmt.Errorf("mtl: the model cannot be built: %w", panicked)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.counted = compilation.Since(before)
	return c, nil
}

func (c *Compiled) check(opts FitOptions) (err error) {
	if err := c.model.check(); err != nil {
		return err
	}
	if (c.data.Train == nil) == (c.data.Stream == nil) {
		return fmt.Errorf("mtl: Data needs one of Train and Stream")
	}
	if c.data.Train != nil {
		if err := c.data.Train.Check(history.Train, c.model.Tasks); err != nil {
			return err
		}
	}
	if c.data.Validation != nil {
		if err := c.data.Validation.Check(history.Validation, c.model.Tasks); err != nil {
			return err
		}
	}
	if c.options, err = opts.withDefaults(c.data.Train.Len()); err != nil {
		return err
	}
	o := &c.options
	if err := o.Monitor.check(c.model); err != nil {
		return err
	}
	if c.data.Validation == nil && (o.Patience > 0 || o.RestoreBest || o.Monitor != Monitor{} || isPlateau(o.Schedule)) {
		return fmt.Errorf("mtl: Patience, RestoreBest, Monitor and Plateau need Data.Validation")
	}
	if err := o.Monitor.checkLabels(c.model, c.data.Validation); err != nil {
		return err
	}
	c.store = o.Store
	return nil
}

// build traces and compiles.
func (c *Compiled) build() (err error) {
	o := &c.options
	base := o.Optimizer
	if o.ClipNorm > 0 {
		base = ClipByGlobalNorm(o.ClipNorm, base)
	}
	compiler := &compiler{
		backend: o.Backend, store: c.store, model: c.model, batch: o.BatchSize, parts: o.Accumulate,
		optimizer: Optimizer(o.Weighting, base),
		scheduled: o.LearningRate > 0,
	}
	if c.data.Train != nil {
		compiler.stepsPerEpoch = c.data.Train.Len() / o.BatchSize
		compiler.feed = newFeed(c.data.Train, c.model.Tasks)
		if compiler.streamed = compiler.feed.bytes() > o.DeviceBytes; compiler.streamed {
			first, err := c.data.Train.rows(make([]int32, o.BatchSize))
			if err != nil {
				return err
			}
			compiler.feed = newFeed(first, c.model.Tasks)
		} else if err := compiler.feed.upload(o.Backend); err != nil {
			return err
		}
	} else {
		c.opened = iterate(c.data.Stream, c.model.Tasks)
		first, err := c.opened.peek()
		if err != nil {
			return fmt.Errorf("mtl: the data stream has no first batch: %w", err)
		}
		compiler.streamed, compiler.feed, compiler.batch = true, first, first.shapes[0].Dimensions[0]
		o.BatchSize = compiler.batch
	}
	if compiler.parts > 1 && compiler.batch%compiler.parts != 0 {
		return fmt.Errorf("mtl: a batch of %d examples cannot be taken in FitOptions.Accumulate = %d equal parts: choose a divisor", compiler.batch, compiler.parts)
	}
	o.Store.SetParam("/"+model.ParamInitialSeed, o.Seed)
	if err := o.Store.SetRNGStateFromSeed(o.Seed); err != nil {
		return err
	}
	if c.executor, err = newExecutor(compiler, o.StepsPerCall); err != nil {
		return err
	}
	if err := c.checkIDs(); err != nil {
		return err
	}
	if c.initial, err = newInitializer(o.Backend, c.store); err != nil {
		return err
	}
	if err = c.executor.compile(); err != nil {
		return err
	}
	for _, p := range o.Probes {
		b, err := newProber(p, compiler)
		if err != nil {
			return err
		}
		c.probes = append(c.probes, b)
	}
	if err := c.checkQuantities(); err != nil {
		return err
	}
	if c.data.Validation != nil {
		c.evaluate, err = newEvaluator(o.Backend, c.store, c.model, c.data.Validation, DefaultEvaluationBatch)
	}
	return err
}

// checkIDs compares the ids in memory with what the traced graph wants.
func (c *Compiled) checkIDs() error {
	ids := idsOf(c.executor.program.g)
	c.executor.compiler.feed.ids = ids
	if c.data.Train != nil {
		if err := ids.check(c.data.Train.Inputs, history.Train+" split"); err != nil {
			return err
		}
	}
	if c.data.Validation != nil {
		return ids.check(c.data.Validation.Inputs, history.Validation+" split")
	}
	return nil
}

// quantities are what the steps and the probes report.
func (c *Compiled) quantities() []history.Quantity {
	all := slices.Clone(c.executor.program.quantities)
	for _, p := range c.probes {
		all = append(all, p.quantities...)
	}
	return all
}

func (c *Compiled) checkQuantities() error {
	seen := map[string]bool{}
	for _, q := range c.quantities() {
		if seen[q.Name] {
			return fmt.Errorf("mtl: two quantities are named %q: names must be unique in a run", q.Name)
		}
		seen[q.Name] = true
	}
	return nil
}

// Fit trains once, as the function Fit does.
func (c *Compiled) Fit(ctx context.Context, run RunOptions) (h *history.History, err error) {
	f := &fit{compiled: c, model: c.model, options: c.options.with(run), given: run.Hyperparameters, data: Data{Train: run.Train, Validation: run.Validation}, until: run.Until, history: &history.History{}}
	if panicked := try(func() {
		if err = f.prepare(); err == nil {
			err = f.train(ctx)
		}
	}); panicked != nil {
		err = fmt.Errorf("mtl: the run cannot be set up: %w", panicked)
	}
	err = errors.Join(err, f.close())
	for _, o := range f.begun {
		o.End(err)
	}
	return f.history, err
}

// RunBytes is the device memory that one more run at a time takes: its variables, optimiser and weighting state included. What a step needs beside them
// depends on the backend.
func (c *Compiled) RunBytes() (sum int64) {
	for v := range c.store.IterVariables() {
		sum += v.Shape().ByteSize()
	}
	return sum
}

// Execution says how steps are run, and why.
func (c *Compiled) Execution() string { return c.executor.why }

// Hyperparameters lists what RunOptions.Hyperparameters can set.
func (c *Compiled) Hyperparameters() []string { return Hyperparameters(c.store) }

// Close frees the programs. No run may be under way.
func (c *Compiled) Close() error {
	var errs []error
	if c.opened != nil {
		c.opened.stop()
	}
	if c.executor != nil {
		errs = append(errs, c.executor.close())
	}
	if c.evaluate != nil {
		errs = append(errs, c.evaluate.close())
	}
	for _, p := range c.probes {
		errs = append(errs, p.close())
	}
	errs = append(errs, c.initial.close())
	return errors.Join(errs...)
}

// validation returns the data of validations, those of Compile where split is nil.
func (c *Compiled) validation(split *Split) (*feed, error) {
	switch {
	case split == nil && c.evaluate == nil:
		return nil, nil
	case split == nil:
		return c.evaluate.feed, nil
	case c.evaluate == nil:
		return nil, fmt.Errorf("mtl: RunOptions.Validation needs a Data.Validation of the same shapes in Compile")
	}
	return c.evaluate.other(split, history.Validation)
}

// stepper makes a run on the variables of a store and a training split, nil for that of Compile, from step on.
func (c *Compiled) stepper(store *model.Store, split *Split, seed int64, step int) (*stepper, error) {
	variables, err := c.executor.program.variables.of(store)
	if err != nil {
		return nil, err
	}
	s := &stepper{executor: c.executor, variables: variables, data: c.executor.compiler.feed.buffers}
	if split == nil {
		split = c.data.Train
	} else if s.data, err = c.buffersOf(split); err != nil {
		return nil, err
	}
	switch {
	case c.data.Train == nil:
		c.opening.Lock()
		batches := c.opened
		c.opened = nil
		c.opening.Unlock()
		if batches == nil {
			batches = iterate(c.data.Stream, c.model.Tasks)
		}
		s.stream = newBatchStream(c.options.Backend, c.checked(skipping(batches.next, step)), batches.stop)
	default:
		s.rows = newSampler(seed, split.Len(), c.options.BatchSize)
		if c.executor.compiler.streamed {
			s.stream = newBatchStream(c.options.Backend, splitBatches(split, c.model.Tasks, s.rows, step), nil)
		}
	}
	return s, nil
}

// buffersOf puts a run's own training split on the device; none where batches stream.
func (c *Compiled) buffersOf(split *Split) ([]compute.Buffer, error) {
	compiler := c.executor.compiler
	if c.data.Train == nil {
		return nil, fmt.Errorf("mtl: RunOptions.Train needs a Data.Train of the same shapes in Compile, which had a stream")
	}
	if compiler.streamed {
		if err := split.Check(history.Train, c.model.Tasks); err != nil {
			return nil, err
		}
		return nil, compiler.feed.ids.check(split.Inputs, history.Train+" split")
	}
	data, err := compiler.feed.like(split, c.model.Tasks, history.Train)
	if err == nil {
		err = data.upload(c.options.Backend)
	}
	if err != nil {
		return nil, err
	}
	return data.buffers, nil
}
