package mtl

import "github.com/gomtl/gomtl/mtl/history"

// Observer watches a run: a live plot, a progress bar, another tool's log. Its methods are called from the training goroutine, one at a
// time, and should return at once.
type Observer interface {
	// Begin is called once, before the first step. On a resumed run the restored records follow as calls of Record.
	Begin(run history.Run)
	// Record is called for each new record, in order.
	Record(r history.Record)
	// Progress is called after each call to the device: steps done, steps asked for, seconds of training so far.
	Progress(step, steps int, seconds float64)
	// End is called once; err is nil when the run completed.
	End(err error)
}
