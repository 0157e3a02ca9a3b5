package mtl

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl/history"
)

// Probe measures a model while it trains: before the first step and after every so many, on the variables of the moment and the next batch. It is a
// program of its own, which changes nothing. What it measures is kept in records of split history.Probe.
type Probe struct {
	// Name is for errors.
	Name string
	// Every is the number of steps between measurements; 0 means 10.
	Every int
	// Examples of the batch that are looked at, the first ones; 0 means all.
	Examples int
	// Measure builds what is measured from a training step, with its losses, gradients and look-aheads (Step.Evaluate), and gives it to Report.
	Measure func(s *Step)
}

// prober is a compiled probe.
type prober struct {
	every, examples int
	g               *graph.Graph
	variables       variableInputs
	quantities      []history.Quantity
}

func newProber(p Probe, c *compiler) (*prober, error) {
	if p.Every < 0 || p.Examples < 0 || p.Measure == nil {
		return nil, fmt.Errorf("mtl: probe %q measures every %d steps on %d examples (Measure set: %v); wanted no negative number, and a Measure", p.Name, p.Every, p.Examples, p.Measure != nil)
	}
	if c.streamed {
		return nil, fmt.Errorf("mtl: probe %q needs training data on the device: set Data.Train, and FitOptions.DeviceBytes to at least its size", p.Name)
	}
	b := &prober{every: p.Every, examples: p.Examples, g: graph.NewGraph(c.backend, "mtl probe "+p.Name)}
	if b.every == 0 {
		b.every = 10
	}
	if b.examples == 0 || b.examples > c.batch {
		b.examples = c.batch
	}
	var err error
	panicked := try(func() {
		model.SetStore(b.g, c.store)
		data, rows := c.feed.parameters(b.g), graph.Parameter(b.g, rowsName, int32Shape(b.examples))
		c.store.SetTraining(b.g, true)
		model.SetGraphParam(b.g, epochKey, c.stepsPerEpoch)
		reports := collectReports(b.g)
		var step *Step
		mute(b.g, func() { step = newStep(c.store, c.losses(b.g, c.feed.gather(data, rows))) })
		p.Measure(step)
		if len(reports.values) == 0 {
			panicf("nothing was measured: Measure must call mtl.Report")
		}
		b.quantities = reports.quantities
		b.variables.addUsed(b.g, c.store)
		err = b.g.Compile(graph.Concatenate(reports.values, 0))
	})
	if err = errors.Join(err, panicked); err != nil {
		return nil, errors.Join(fmt.Errorf("mtl: probe %q cannot be built: %w", p.Name, err), b.close())
	}
	return b, nil
}

// run measures on some rows of the data.
func (b *prober) run(store *model.Store, data []compute.Buffer, rows []int32) (values map[string][]float64, err error) {
	variables, err := b.variables.of(store)
	if err != nil {
		return nil, err
	}
	inputs := make([]compute.Buffer, b.g.NumParameters())
	at := copy(inputs, data)
	if err := b.variables.put(b.g.Backend(), variables, inputs, nil); err != nil {
		return nil, err
	}
	if inputs[at], err = b.g.Backend().BufferFromFlatData(0, rows[:b.examples], int32Shape(b.examples)); err != nil {
		return nil, err
	}
	defer func() { _ = inputs[at].Finalize() }()
	var flat []float32
	panicked := try(func() {
		out := b.g.RunWithBuffers(inputs, make([]bool, len(inputs)), 0)[0]
		defer out.MustFinalizeAll()
		flat, err = tensors.CopyFlatData[float32](out)
	})
	if err = errors.Join(err, panicked); err != nil {
		return nil, err
	}
	numbers := make([]float64, len(flat))
	for i, v := range flat {
		numbers[i] = float64(v)
	}
	return valuesOf(b.quantities, numbers), nil
}

func (b *prober) close() error { return try(b.g.Finalize) }
