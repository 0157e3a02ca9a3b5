package mtl

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/support/exceptions"
)

// ErrNeedsModel is why a bilevel method has no combined gradient on a MatrixStep.
var ErrNeedsModel = errors.New("mtl: the method evaluates the model at other parameters; this step is given by its numbers alone")

// HyperparameterError is why a hyper-parameter was not set: there is none of that path, or it takes another number of values.
type HyperparameterError struct{ Path, Reason string }

// Error names the path.
func (e *HyperparameterError) Error() string { return "mtl: " + e.Reason }

// DivergedError is why Fit ended a run in which a task's loss was not finite. It lies with the run's settings: other errors of Fit may not come again.
type DivergedError struct {
	Task string
	Loss float64
	Step int
	// Checkpoint says what was saved before.
	Checkpoint string
}

// Error says what to do too.
func (e *DivergedError) Error() string {
	return fmt.Sprintf("mtl: the loss of task %q, or its gradient, is %v at step %d: try a lower learning rate, ClipNorm, or look for extreme labels; %s", e.Task, e.Loss, e.Step, e.Checkpoint)
}

// panicf is for graph-building code, which panics by GoMLX's convention; Fit and Evaluate turn it into an error.
func panicf(format string, args ...any) { exceptions.Panicf("mtl: "+format, args...) }

// try runs graph-building code and returns its panic as an error.
func try(fn func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("mtl: %v", r)
		}
	}()
	fn()
	return nil
}
