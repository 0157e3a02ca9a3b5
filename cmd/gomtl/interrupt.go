package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/study"
	"github.com/urfave/cli/v3"
)

// errInterrupted is how a command ends that an interrupt cut short.
var errInterrupted = errors.New("interrupted")

// patience is how long after an interrupt a command may go on that has nothing to save.
const patience = time.Second

// savingKey is that of the *atomic.Bool which says that a command has something to save.
type savingKey struct{}

// saves says whether an interrupt waits for the command: true while it would save its work, false
// where nothing is lost when it ends at once, as at the start.
func saves(ctx context.Context, work bool) {
	if saving, ok := ctx.Value(savingKey{}).(*atomic.Bool); ok {
		saving.Store(work)
	}
}

// prompt makes an action end soon after an interrupt, whether or not it looks at its context: at
// once where it returns, after a second where it has nothing to save, and else when it has saved.
func prompt(action cli.ActionFunc) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		saving := new(atomic.Bool)
		ctx = context.WithValue(ctx, savingKey{}, saving)
		done := make(chan error, 1)
		go func() { done <- action(ctx, c) }()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
		}
		for {
			select {
			case err := <-done:
				return err
			case <-time.After(patience):
				if !saving.Load() {
					return errInterrupted
				}
			}
		}
	}
}

// trainingSaves is an observer of mtl.Fit: from its first step to its end a run saves when it is
// interrupted.
type trainingSaves struct{ ctx context.Context }

func (trainingSaves) Begin(history.Run)            {}
func (trainingSaves) Record(history.Record)        {}
func (t trainingSaves) Progress(int, int, float64) { saves(t.ctx, true) }
func (t trainingSaves) End(error)                  { saves(t.ctx, false) }

// sweepSaves is the same of sweep.Run.
type sweepSaves struct{ ctx context.Context }

func (sweepSaves) Begin(*study.Study)                   {}
func (sweepSaves) Update(*study.Trial)                  {}
func (s sweepSaves) Progress(done, _ int, _, _ float64) { saves(s.ctx, done > 0) }
func (s sweepSaves) End(*study.Study, error)            { saves(s.ctx, false) }
