// Package tracking writes runs for other tools: TensorBoard event files, MLflow run folders and CSV.
//
// Each tool has one type, whose zero value writes to a folder of the tool's usual name. Its methods are those of mtl.Observer, so that it
// follows a run while it trains,
//
//	board := &tracking.TensorBoard{Dir: "tensorboard"}
//	h, err := mtl.Fit(ctx, m, data, mtl.FitOptions{..., Observers: []mtl.Observer{board}})
//	err = errors.Join(err, board.Err())
//
// and [Export] replays a finished run into it, [ExportFolders] every run in and below folders. Both ways write the same values at the same
// steps and times: a time is the run's creation plus the seconds trained.
//
// A run is known by its name. Begin starts it anew: what stood there under that name is removed first, so a run that is resumed, of which
// mtl.Fit replays the restored records, or exported twice is there once. What was recorded is written about once a second and at
// the end, each file's part in one write of whole lines or events: a killed process leaves what the tool can read. Nothing that fails here stops
// the training; the error waits in Err, and the run's part in that tool ends at it.
//
// The package imports mtl/history and plain Go only, so that programs without GoMLX can use it.
package tracking

import "github.com/gomtl/gomtl/mtl/history"

// Writer writes runs for one tool, one run at a time and from one goroutine at a time. The first four methods are those of mtl.Observer.
type Writer interface {
	Begin(run history.Run)
	Record(r history.Record)
	Progress(step, steps int, seconds float64)
	End(err error)
	// Err is what went wrong in all runs so far, nil if nothing. It names the file.
	Err() error
}
