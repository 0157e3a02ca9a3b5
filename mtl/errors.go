package mtl

import (
	"fmt"

	"github.com/gomlx/gomlx/support/exceptions"
)

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
