package mtl

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/support/exceptions"
)

// ErrNeedsModel is why a bilevel method has no combined gradient on a MatrixStep.
var ErrNeedsModel = errors.New("mtl: the method evaluates the model at other parameters; this step is given by its numbers alone")

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
