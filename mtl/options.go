package mtl

import (
	"fmt"
	"log/slog"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Data is what a model is trained on: Train or Stream, and Validation where there is one.
type Data struct {
	// Train lies in memory. It is put on the device once, if it fits FitOptions.DeviceBytes, and streams to it in batches otherwise.
	Train *Split
	// Stream yields batches of one shape: its labels as Model.Loss takes them. It is started again when it ends. To resume bitwise it must yield
	// the same batches again, since resuming skips those already seen.
	Stream train.Dataset
	// Validation may be nil.
	Validation *Split
}

// FitOptions say how to train. Backend and one of Steps and Epochs are required.
type FitOptions struct {
	Backend compute.Backend
	// Store holds the model's variables; nil makes a new one. It is the caller's, to evaluate or to train on.
	Store *model.Store
	// Steps is the number of optimisation steps. Epochs counts passes over Data.Train instead, each of as many whole batches as it holds: the rows left over, fewer than a
	// batch and others in each epoch, wait for a later one.
	Steps, Epochs int
	// BatchSize is the number of examples a step; 0 means 32. A smaller training split is one batch.
	BatchSize int
	// Accumulate is the number of equal parts that a step takes its batch in, one after the other, before it updates once: 0 and 1 take it whole. It must divide
	// BatchSize. The step is the same, for gradient methods too, but the activations of one part exist at a time. Only layers that look at the
	// batch differ: arch.BatchNorm normalises each part by itself and moves its averages once a part. A loss weighting that looks at the losses of its own
	// step (GLS, STCH) and a batch-normalised model cost one more forward pass. Gradients on the Representation and look-aheads are exact, but keep the activations of the whole batch.
	// What the model reports (Report) is of the first part.
	Accumulate int
	// Optimizer is any GoMLX optimiser; nil means Adam. GoMLX's SGD divides its rate by the square root of the step unless told WithDecay(false).
	Optimizer optimizer.Interface
	// LearningRate replaces the optimiser's own; 0 leaves that, or means 0.001 where there is a Schedule or no Optimizer.
	LearningRate float64
	// Schedule changes the learning rate over the steps; nil keeps it constant.
	Schedule Schedule
	// Weighting chooses the task weights; nil means equal weights of 1.
	Weighting Weighting
	// ClipNorm bounds the norm of the whole gradient; 0 does not.
	ClipNorm float64
	// Seed fixes initial weights, data order and random layers; 0 means 1.
	Seed int64
	// ValidateEvery is the number of steps between validations; 0 means an epoch, or a tenth of the steps where there is none.
	ValidateEvery int
	// SaveEvery is the number of steps between checkpoints; 0 means after each validation.
	SaveEvery int
	// RecordEvery is the number of steps that one training record covers; 0 means as many as make about 2,000 records.
	RecordEvery int
	// Monitor chooses the validation figure that Patience, the best checkpoint and Plateau go by.
	Monitor Monitor
	// Patience stops the run after that many validations without an improvement of more than MinDelta; 0 never does.
	Patience int
	MinDelta float64
	// RestoreBest leaves the variables of the best validation in the store of a complete run, in place of the last ones.
	RestoreBest bool
	// RunDir is the run folder: description, history and checkpoints. A run found there is resumed, and a complete one loaded. Empty writes nothing.
	RunDir string
	// StepsPerCall is the number of steps in one call to the device, at most Steps; 0 chooses it.
	StepsPerCall int
	// DeviceBytes bounds the training data held on the device; 0 means 4 GiB.
	DeviceBytes int64
	// Probes measure the model between steps.
	Probes []Probe
	// Observers watch the run.
	Observers []Observer
	// Log receives the header and what is worth knowing; nil means slog.Default().
	Log *slog.Logger
	// Config is kept in run.json, for the reader.
	Config map[string]any
}

// RunOptions say how one run of a Compiled model differs from the FitOptions that it was compiled with. The zero value changes nothing.
type RunOptions struct {
	// Store holds the run's variables. nil makes a new one. Variables that it has keep their values, the others get initial ones. A store serves one run at a
	// time.
	Store *model.Store
	// Train and Validation replace the splits of Compile, such as another draw or fold; nil leaves them. Their shapes must be the same.
	Train, Validation *Split
	// Seed fixes initial weights, data order and random layers; 0 means FitOptions.Seed.
	Seed int64
	// LearningRate in place of FitOptions.LearningRate, which must be above 0 for this; 0 leaves it.
	LearningRate float64
	// Hyperparameters sets hyper-parameters of the weighting and of layers, by path as Compiled.Hyperparameters lists them.
	Hyperparameters map[string][]float64
	// Until stops the run, saved, after that many steps although its schedule goes on to Steps; 0 means Steps. The same run without Until goes on from there.
	Until int
	// RunDir is the run folder.
	RunDir string
	// Observers watch the run.
	Observers []Observer
	// Log receives the header; nil means FitOptions.Log.
	Log *slog.Logger
	// Config is kept in run.json, for the reader.
	Config map[string]any
}

// with is o as the run changes it.
func (o FitOptions) with(run RunOptions) FitOptions {
	if o.Store = run.Store; o.Store == nil {
		o.Store = model.NewStore()
	}
	if run.Seed != 0 {
		o.Seed = run.Seed
	}
	if run.LearningRate != 0 {
		o.LearningRate = run.LearningRate
	}
	if run.Log != nil {
		o.Log = run.Log
	}
	o.RunDir, o.Observers, o.Config = run.RunDir, run.Observers, run.Config
	return o
}

const (
	defaultBatch        = 32
	defaultLearningRate = 1e-3
	defaultRecords      = 2000
	defaultDeviceBytes  = 4 << 30
	// mostSteps is what a counter of steps in int32 can hold.
	mostSteps = math.MaxInt32
	// mostRows is how many row numbers go to the device in one call, 64 MiB of them.
	mostRows = 1 << 24
)

// checkNumbers reports an option that is negative or no number.
func (o *FitOptions) checkNumbers() error {
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"BatchSize", int64(o.BatchSize)}, {"Accumulate", int64(o.Accumulate)}, {"ValidateEvery", int64(o.ValidateEvery)}, {"SaveEvery", int64(o.SaveEvery)},
		{"RecordEvery", int64(o.RecordEvery)}, {"Patience", int64(o.Patience)}, {"StepsPerCall", int64(o.StepsPerCall)}, {"DeviceBytes", o.DeviceBytes},
	} {
		if n.value < 0 {
			return fmt.Errorf("mtl: FitOptions.%s is %d; wanted 0 or more", n.name, n.value)
		}
	}
	for _, x := range []named{{"LearningRate", o.LearningRate}, {"ClipNorm", o.ClipNorm}, {"MinDelta", o.MinDelta}} {
		if err := x.check("FitOptions"); err != nil {
			return err
		}
	}
	if s, ok := o.Schedule.(interface{ check() error }); ok {
		return s.check()
	}
	return nil
}

// named is a field of a struct.
type named struct {
	name  string
	value float64
}

// check reports a value that is negative or not finite.
func (n named) check(of string) error {
	if n.value >= 0 && !math.IsInf(n.value, 0) {
		return nil
	}
	return fmt.Errorf("mtl: %s.%s is %v; wanted a finite number, 0 or more", of, n.name, n.value)
}

// withDefaults checks the options and fills in what was left out. rows is the size of the training split, 0 for a stream.
func (o FitOptions) withDefaults(rows int) (FitOptions, error) {
	switch {
	case o.Backend == nil:
		return o, fmt.Errorf("mtl: FitOptions.Backend is nil: get one from backend.New(ctx)")
	case o.Steps < 0 || o.Epochs < 0:
		return o, fmt.Errorf("mtl: FitOptions has %d steps and %d epochs; wanted a number above 0 of one of them", o.Steps, o.Epochs)
	case (o.Steps > 0) == (o.Epochs > 0):
		return o, fmt.Errorf("mtl: FitOptions has %d steps and %d epochs: set one of them", o.Steps, o.Epochs)
	case o.Epochs > 0 && rows == 0:
		return o, fmt.Errorf("mtl: a stream has no epochs: set FitOptions.Steps")
	}
	if err := o.checkNumbers(); err != nil {
		return o, err
	}
	orElse := func(value *int, other int) {
		if *value <= 0 {
			*value = other
		}
	}
	orElse(&o.BatchSize, defaultBatch)
	perEpoch := 0
	if rows > 0 {
		o.BatchSize = min(o.BatchSize, rows)
		perEpoch = rows / o.BatchSize
	}
	if o.Steps > mostSteps || o.Epochs > mostSteps/max(1, perEpoch) {
		return o, fmt.Errorf("mtl: FitOptions has %d steps and %d epochs; wanted at most %d steps in all", o.Steps, o.Epochs, mostSteps)
	}
	if o.Epochs > 0 {
		o.Steps = o.Epochs * perEpoch
	}
	// The row numbers of all steps of a call lie in memory at once.
	o.StepsPerCall = min(o.StepsPerCall, o.Steps, max(1, mostRows/o.BatchSize))
	if perEpoch == 0 {
		orElse(&o.ValidateEvery, max(1, o.Steps/10))
	}
	orElse(&o.ValidateEvery, perEpoch)
	orElse(&o.SaveEvery, o.ValidateEvery)
	orElse(&o.RecordEvery, max(1, o.Steps/defaultRecords))
	if o.Optimizer == nil || (o.Schedule != nil && o.LearningRate == 0) {
		if o.LearningRate == 0 {
			o.LearningRate = defaultLearningRate
		}
	}
	if o.Optimizer == nil {
		o.Optimizer = optimizer.Adam().Done()
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Store == nil {
		o.Store = model.NewStore()
	}
	if o.DeviceBytes == 0 {
		o.DeviceBytes = defaultDeviceBytes
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o, nil
}
