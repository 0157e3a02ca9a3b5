package mtl

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

const (
	// loopCapacity is the number of steps that one call can run on the device; beyond a few hundred nothing is gained.
	loopCapacity = 512
	// callTime is how long a call may take: someone who watches sees a run move twice a second, and an interrupt is answered at once.
	callTime = 200 * time.Millisecond
)

// executor runs a training program step by step or many steps a call, whatever serves. It serves several runs at once.
type executor struct {
	compiler *compiler
	program  *program     // a single step, or a loop where that serves
	perStep  atomic.Int64 // nanoseconds a step takes, measured; 0 before the first
	why      string
}

// stepper is one run on an executor: its variables and its data order.
type stepper struct {
	*executor
	variables []*model.Variable
	data      []compute.Buffer // of the training split, on the device
	rows      *sampler         // nil for a stream
	stream    *batchStream     // nil for data on the device
}

// newExecutor chooses how steps are run and traces the program. stepsPerCall 0 chooses.
func newExecutor(c *compiler, stepsPerCall int) (*executor, error) {
	e := &executor{compiler: c}
	var err error
	switch {
	case c.streamed:
		e.why = "one step a call, batches streamed with read-ahead"
	case stepsPerCall == 1:
		e.why = "one step a call, as asked for"
	case !canLoop(c.backend):
		e.why = fmt.Sprintf("one step a call: the %s backend has no loops", c.backend.Name())
	default:
		capacity := loopCapacity
		e.why = fmt.Sprintf("up to %d steps in one call, a loop on the device", capacity)
		if stepsPerCall > 0 {
			capacity = stepsPerCall
			e.why = fmt.Sprintf("up to %d steps in one call, a loop on the device, as asked for", capacity)
		}
		if e.program, err = c.loop(capacity); err != nil {
			return nil, err
		}
		if stepsPerCall == 0 && OnCPU(c.backend) && e.program.hasConvolution() {
			// Measured: a convolution in an XLA loop on the CPU takes about 30 times as long as outside.
			e.program.finalize()
			e.program = nil
			e.why = "one step a call: the graph has convolutions, which are slow in a loop on the CPU"
		}
	}
	if e.program == nil {
		if e.program, err = c.single(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// canLoop tells whether the backend has what compiler.loop uses. While itself is not asked for: go-xla has it but does not list it.
func canLoop(b compute.Backend) bool {
	capabilities := b.Capabilities()
	return capabilities.Functions && capabilities.Operations[compute.OpTypeDynamicUpdateSlice]
}

// IsPureGo tells whether a backend is GoMLX's own, without XLA.
func IsPureGo(b compute.Backend) bool { return b.Name() == "Go Backend" }

// OnCPU tells whether a backend computes on the CPU.
func OnCPU(b compute.Backend) bool {
	return IsPureGo(b) || strings.Contains(strings.ToLower(b.DeviceDescription(0)), "cpu")
}

// compile compiles what newExecutor traced.
func (e *executor) compile() error {
	if err := e.program.compile(); err != nil {
		return fmt.Errorf("mtl: the training program does not compile: %w", err)
	}
	return nil
}

// run runs from 1 to limit steps from step on and returns their reports.
func (e *stepper) run(step, limit int, rate func(step int) float64) ([][]float32, error) {
	if e.stream != nil {
		return e.runStreamed(step, rate)
	}
	count := 1
	if perStep := e.perStep.Load(); perStep > 0 {
		count = min(limit, e.program.capacity, max(1, int(int64(callTime)/perStep)))
	}
	rates := make([]float32, count)
	for i := range rates {
		rates[i] = float32(rate(step + i))
	}
	start := time.Now()
	reports, err := e.program.run(e.variables, e.data, e.rows.next(step, count), rates, count)
	e.perStep.Store(max(1, time.Since(start).Nanoseconds()/int64(count)))
	return reports, err
}

func (e *stepper) runStreamed(step int, rate func(step int) float64) ([][]float32, error) {
	batch, err := e.stream.next()
	if err != nil {
		return nil, fmt.Errorf("mtl: no batch for step %d: %w", step+1, err)
	}
	defer batch.free()
	for i, t := range batch.tensors {
		if want := e.compiler.feed.shapes[i]; !t.Shape().Equal(want) {
			return nil, fmt.Errorf("mtl: the batch of step %d has a tensor shaped %s where the first batch had %s: pad or drop smaller batches", step+1, t.Shape(), want)
		}
	}
	return e.program.run(e.variables, batch.buffers, nil, []float32{float32(rate(step))}, 1)
}

func (e *executor) close() error { return try(e.program.finalize) }
