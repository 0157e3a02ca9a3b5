package mtl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
)

// Fit trains the model on data and returns the history of the run. The trained variables are in opts.Store.
//
// With a RunDir the run can be continued after any end, by the same call: an interrupt (a cancelled ctx or SIGINT) saves and returns an error that
// wraps context.Canceled; a killed process loses the steps since its last checkpoint and nothing else. The continued run ends bitwise equal to
// one that was never interrupted. A NaN or infinite task loss ends the run with a *DivergedError that names task, step and the last good checkpoint.
func Fit(ctx context.Context, m *Model, data Data, opts FitOptions) (*history.History, error) {
	c, err := Compile(m, data, opts)
	if err != nil {
		return &history.History{}, err
	}
	o := c.options
	h, err := c.Fit(ctx, RunOptions{Store: o.Store, RunDir: o.RunDir, Observers: o.Observers, Config: o.Config})
	return h, errors.Join(err, c.Close())
}

// fit is the state of one run.
type fit struct {
	compiled   *Compiled
	model      *Model
	options    FitOptions
	given      map[string][]float64 // hyper-parameters of this run
	data       Data                 // of this run, nil where it is that of Compile
	validation *feed
	until      int
	stepper    *stepper
	writer     *history.Writer
	history    *history.History
	begun      []Observer // whose Begin was called

	step        int
	window      window
	best        snapshot  // with RestoreBest and no run folder
	validations []float64 // monitored values
	validated   []int     // their steps
	stopped     string
	before      float64 // seconds of training of earlier sessions
	unlock      func()  // of the run folder
	start       time.Time
}

// interruptedError is the error of a run that was asked to stop. It wraps the cause, which says
// nothing that a user needs.
type interruptedError struct {
	step, steps int
	runDir      string
	cause       error
}

func (e *interruptedError) Error() string {
	if e.runDir == "" {
		return fmt.Sprintf("mtl: interrupted at step %d of %d; nothing was saved, because FitOptions.RunDir is empty", e.step, e.steps)
	}
	return fmt.Sprintf("mtl: interrupted at step %d of %d; saved in %s: run the same call again to go on from there", e.step, e.steps, e.runDir)
}

func (e *interruptedError) Unwrap() error { return e.cause }

// prepare sets up the variables and restores or begins the run.
func (f *fit) prepare() (err error) {
	o := &f.options
	if !(o.LearningRate >= 0) || math.IsInf(o.LearningRate, 0) || o.LearningRate > 0 && !f.compiled.executor.compiler.scheduled {
		return fmt.Errorf("mtl: RunOptions.LearningRate is %v; wanted a number above 0, and FitOptions.LearningRate set when the model was compiled", o.LearningRate)
	}
	if f.until == 0 {
		f.until = o.Steps
	}
	if f.until < 0 || f.until > o.Steps {
		return fmt.Errorf("mtl: RunOptions.Until is %d; wanted from 1 to the %d steps of the run, or 0 for all", f.until, o.Steps)
	}
	if err := f.compiled.initial.fill(o.Store, o.Seed); err != nil {
		return err
	}
	for path, values := range f.given {
		if err := SetHyperparameter(o.Store, path, values...); err != nil {
			return err
		}
	}
	f.history.Run = f.describe()
	var run found
	if o.RunDir != "" {
		if run, err = f.openRunDir(f.history.Run); err != nil {
			return err
		}
	}
	if run.state != nil {
		f.step, f.stopped, f.before = run.state.Step, run.state.Stopped, run.state.Seconds
		if err := loadVariables(run.checkpoint, o.Store, allPaths); err != nil {
			return err
		}
	}
	if f.stepper, err = f.compiled.stepper(o.Store, f.data.Train, o.Seed, f.step); err != nil {
		return err
	}
	if f.validation, err = f.compiled.validation(f.data.Validation); err != nil {
		return err
	}
	return f.begin(run)
}

// begin opens the run folder, restores the history and tells the observers.
func (f *fit) begin(run found) (err error) {
	o := &f.options
	f.window = f.newWindow()
	switch {
	case o.RunDir == "":
	case run.state == nil:
		if run.history != nil {
			if err := f.setAside(run.history); err != nil {
				return err
			}
		}
		if f.writer, err = history.Create(o.RunDir, f.history.Run); err != nil {
			return err
		}
	default:
		if err := f.resume(run); err != nil {
			return err
		}
	}
	r := f.history.Run
	o.Log.Info(fmt.Sprintf("mtl: %s: tasks %s; %d steps of %d examples, seed %d; weighting %s; %s",
		r.Name, strings.Join(f.model.TaskNames(), ", "), r.Steps, r.BatchSize, r.Seed, headerOf(o.Weighting), r.Optimizer))
	how := r.Execution
	if took := f.compiled.counted.String(); took != "" {
		how += "; " + took
	}
	o.Log.Info(fmt.Sprintf("mtl: %s: on %s; %s", r.Name, r.Backend, how))
	if text := leftOver(f.compiled.data.Train.Len(), o.BatchSize); text != "" {
		o.Log.Info(fmt.Sprintf("mtl: %s: %s", r.Name, text))
	}
	for _, observer := range o.Observers {
		observer.Begin(r)
		f.begun = append(f.begun, observer)
		for _, record := range f.history.Records {
			observer.Record(record)
		}
		if f.step > 0 {
			observer.Progress(f.step, o.Steps, f.before)
		}
	}
	return nil
}

// resume goes on with the run of the folder.
func (f *fit) resume(run found) (err error) {
	o := &f.options
	saved, asked := run.history.Run, f.history.Run
	if err := run.state.Window.fits(f.window); err != nil {
		return fmt.Errorf("mtl: the run in %s %w: resume it with the model it was trained with, or choose another RunDir", o.RunDir, err)
	}
	if f.writer, err = history.Resume(o.RunDir, run.history, run.state.Records); err != nil {
		return err
	}
	asked.Created = saved.Created
	f.history.Run, f.history.Records = asked, run.history.Records
	if err := history.Rewrite(o.RunDir, asked); err != nil {
		return err
	}
	f.window = run.state.Window
	for _, r := range f.history.Records {
		if r.Split == history.Validation {
			f.validations = append(f.validations, o.Monitor.value(f.model, r))
			f.validated = append(f.validated, r.Step)
		}
	}
	f.unstop()
	switch {
	case f.complete():
		o.Log.Info(fmt.Sprintf("mtl: the run in %s is complete at step %d%s: loaded", o.RunDir, f.step, f.stopped))
	case saved.Steps < asked.Steps && o.Schedule != nil && f.step > 0:
		o.Log.Info(fmt.Sprintf("mtl: the run in %s goes on from step %d of %d; it was asked for %d, and its schedule is now over %d: "+
			"the learning rate goes on at %.3g after %.3g", o.RunDir, f.step, o.Steps, saved.Steps, o.Steps, f.rate(f.step), run.state.Window.lastRate(f.history.Records)))
	case saved.Steps < asked.Steps:
		o.Log.Info(fmt.Sprintf("mtl: the run in %s goes on from step %d of %d; it was asked for %d before", o.RunDir, f.step, o.Steps, saved.Steps))
	default:
		o.Log.Info(fmt.Sprintf("mtl: the run in %s goes on from step %d of %d", o.RunDir, f.step, o.Steps))
	}
	return nil
}

// unstop lets a run that was stopped early go on where this call's Patience would not have stopped it.
func (f *fit) unstop() {
	o := &f.options
	_, waited := sinceBest(f.validations, o.MinDelta)
	if f.stopped == "" || f.step >= o.Steps || o.Patience > 0 && waited >= o.Patience {
		return
	}
	o.Log.Info(fmt.Sprintf("mtl: the run in %s had ended at step %d%s and goes on: Patience is now %d", o.RunDir, f.step, f.stopped, o.Patience))
	f.stopped = ""
}

// complete tells whether nothing is left of the run, finished whether nothing is left for this call.
func (f *fit) complete() bool { return f.step >= f.options.Steps || f.stopped != "" }

func (f *fit) finished() bool { return f.step >= f.until || f.stopped != "" }

// train runs the steps.
func (f *fit) train(ctx context.Context) error {
	ctx, release := signal.NotifyContext(ctx, os.Interrupt)
	defer release()
	o := &f.options
	f.start = time.Now()
	if f.step == 0 {
		if err := f.probe(); err != nil {
			return err
		}
	}
	for !f.finished() {
		if err := ctx.Err(); err != nil {
			return f.interrupt(err)
		}
		limit := min(f.until, next(f.step, o.SaveEvery)) - f.step
		if f.compiled.evaluate != nil {
			limit = min(limit, next(f.step, o.ValidateEvery)-f.step)
		}
		for _, p := range f.compiled.probes {
			limit = min(limit, next(f.step, p.every)-f.step)
		}
		reports, err := f.stepper.run(f.step, limit, f.rate)
		if err != nil {
			return err
		}
		for _, report := range reports {
			if err := f.account(report); err != nil {
				return err
			}
		}
		for _, observer := range o.Observers {
			observer.Progress(f.step, o.Steps, f.seconds())
		}
		if err := f.probe(); err != nil {
			return err
		}
		best := false
		if f.compiled.evaluate != nil && (f.step%o.ValidateEvery == 0 || f.step == o.Steps) {
			if best, err = f.validate(ctx); err != nil {
				return err
			}
		}
		if best || f.step%o.SaveEvery == 0 || f.finished() {
			if err := f.save(); err != nil {
				return err
			}
		}
	}
	return f.restoreBest()
}

// next is the first multiple of every after step.
func next(step, every int) int { return (step/every + 1) * every }

func (f *fit) seconds() float64 { return f.before + time.Since(f.start).Seconds() }

// rate is the learning rate of a step, counted from 0.
func (f *fit) rate(step int) float64 {
	o := &f.options
	if o.Schedule == nil {
		return o.LearningRate
	}
	return o.LearningRate * o.Schedule.Factor(Progress{
		Step: step, Steps: o.Steps, StepsPerEpoch: f.compiled.executor.compiler.stepsPerEpoch, Validations: f.validations,
	})
}

// account takes the report of one more step.
func (f *fit) account(report []float32) error {
	f.step++
	for i, name := range f.model.TaskNames() {
		if loss := float64(report[i]); math.IsNaN(loss) || math.IsInf(loss, 0) {
			return f.diverged(name, loss)
		}
	}
	f.window.add(report, f.rate(f.step-1))
	if f.step%f.options.RecordEvery != 0 && f.step != f.options.Steps {
		return nil
	}
	return f.closeWindow()
}

// closeWindow makes a record of the steps since the last one.
func (f *fit) closeWindow() error {
	if f.window.Steps == 0 {
		return nil
	}
	record := f.window.record(f.model.TaskNames(), f.compiled.executor.program.quantities)
	f.window = f.newWindow()
	return f.record(record)
}

func (f *fit) newWindow() window {
	return newWindow(len(f.model.Tasks), f.compiled.executor.program.quantities)
}

// record completes a record and hands it to the history, the folder and the observers.
func (f *fit) record(r history.Record) error {
	r.Step, r.Seconds = f.step, f.seconds()
	if perEpoch := f.compiled.executor.compiler.stepsPerEpoch; perEpoch > 0 {
		r.Epoch = float64(f.step) / float64(perEpoch)
	}
	f.history.Records = append(f.history.Records, r)
	for _, observer := range f.options.Observers {
		observer.Record(r)
	}
	if f.writer == nil {
		return nil
	}
	return f.writer.Append(r)
}

// probe measures what is due at this step.
func (f *fit) probe() error {
	for _, p := range f.compiled.probes {
		if f.step%p.every != 0 {
			continue
		}
		values, err := p.run(f.options.Store, f.stepper.data, f.stepper.rows.next(f.step, 1))
		if err != nil {
			return fmt.Errorf("mtl: probe at step %d: %w", f.step, err)
		}
		if err := f.record(history.Record{Split: history.Probe, Loss: map[string]float64{}, Values: values}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fit) diverged(task string, loss float64) error {
	where := "no checkpoint was saved: set FitOptions.RunDir to keep them"
	if f.options.RunDir != "" {
		path, state, err := lastCheckpoint(f.options.RunDir)
		switch {
		case err != nil:
			where = err.Error()
		case path == "":
			where = "no checkpoint had been saved yet"
		default:
			where = fmt.Sprintf("the last good checkpoint is of step %d: %s", state.Step, path)
		}
	}
	return &DivergedError{Task: task, Loss: loss, Step: f.step, Checkpoint: where}
}

// validate evaluates the validation split and tells whether it went better than ever.
func (f *fit) validate(ctx context.Context) (best bool, err error) {
	// An interrupt waits for the validation: cut off, its record would be lost, and the steps since the last checkpoint with it.
	evaluation, err := f.compiled.evaluate.run(context.WithoutCancel(ctx), f.options.Store, f.validation)
	if err != nil {
		return false, err
	}
	record := history.Record{Split: history.Validation, Loss: evaluation.Loss, Metric: evaluation.Metric}
	if err := f.record(record); err != nil {
		return false, err
	}
	f.validations = append(f.validations, f.options.Monitor.value(f.model, record))
	f.validated = append(f.validated, f.step)
	if _, waited := sinceBest(f.validations, f.options.MinDelta); f.options.Patience > 0 && waited >= f.options.Patience && f.step < f.options.Steps {
		f.stopped = fmt.Sprintf(" (stopped early: %d validations without improvement)", waited)
		f.options.Log.Info(fmt.Sprintf("mtl: stopped at step %d of %d: %d validations without improvement", f.step, f.options.Steps, waited))
		if err := f.closeWindow(); err != nil {
			return false, err
		}
	}
	_, waited := sinceBest(f.validations, 0)
	if waited == 0 {
		err = f.keepBest()
	}
	return waited == 0, err
}

// save writes history, then checkpoint: a checkpoint is never ahead of its records.
func (f *fit) save() error {
	if f.writer == nil {
		return nil
	}
	if err := f.writer.Sync(); err != nil {
		return err
	}
	state := savedState{Seconds: f.seconds(), Window: f.window, Stopped: f.stopped}
	state.Step = f.step
	state.Records, state.RecordsSum = f.writer.Written()
	if best, _ := sinceBest(f.validations, 0); best >= 0 {
		state.Best = f.validated[best]
	}
	return saveCheckpoint(f.options.RunDir, f.options.Store, state)
}

func (f *fit) interrupt(cause error) error {
	if err := f.save(); err != nil {
		return errors.Join(cause, err)
	}
	return &interruptedError{f.step, f.options.Steps, f.options.RunDir, cause}
}

func (f *fit) close() error {
	if f.unlock != nil {
		defer f.unlock()
	}
	if f.stepper != nil && f.stepper.stream != nil {
		f.stepper.stream.close()
	}
	if f.writer != nil {
		return f.writer.Close()
	}
	return nil
}
