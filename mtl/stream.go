package mtl

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"
)

// readAhead is the number of batches made before they are needed.
const readAhead = 2

// batchStream yields batches on the device, in order, made ahead by a goroutine of its own.
type batchStream struct {
	batches chan streamed
	cancel  context.CancelFunc
	stop    func() // ends what makes the batches; may be nil
}

type streamed struct {
	feed *feed
	err  error
}

// newBatchStream starts the goroutine; next makes one batch after the other until it returns an error.
func newBatchStream(backend compute.Backend, next func() (*feed, error), stop func()) *batchStream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &batchStream{batches: make(chan streamed, readAhead), cancel: cancel, stop: stop}
	go func() {
		defer close(s.batches)
		for ctx.Err() == nil {
			f, err := next()
			if err == nil {
				err = f.upload(backend)
			}
			select {
			case s.batches <- streamed{f, err}:
			case <-ctx.Done():
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *batchStream) next() (*feed, error) {
	item, open := <-s.batches
	if !open {
		return nil, io.EOF
	}
	return item.feed, item.err
}

func (s *batchStream) close() {
	s.cancel()
	if s.stop != nil {
		defer s.stop()
	}
	for item := range s.batches {
		if item.feed != nil {
			item.feed.free()
		}
	}
}

// free releases the tensors of a streamed batch.
func (f *feed) free() {
	for _, t := range f.tensors {
		// The memory is only let go early: an error here changes no result.
		_ = t.FinalizeAll()
	}
}

// splitBatches makes batches of a split on the host, by the rows of the sampler, from step on.
func splitBatches(split *Split, tasks []Task, rows *sampler, step int) func() (*feed, error) {
	return func() (*feed, error) {
		part, err := split.rows(rows.next(step, 1))
		step++
		if err != nil {
			return nil, err
		}
		return newFeed(part, tasks), nil
	}
}

// rows returns a copy of the given rows.
func (s *Split) rows(rows []int32) (*Split, error) {
	var errs []error
	pick := func(t *tensors.Tensor) *tensors.Tensor {
		picked, err := pickRows(t, rows)
		errs = append(errs, err)
		return picked
	}
	part := &Split{Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{}}
	for _, t := range s.Inputs {
		part.Inputs = append(part.Inputs, pick(t))
	}
	for name, t := range s.Labels {
		part.Labels[name] = pick(t)
	}
	for name, t := range s.Masks {
		part.Masks[name] = pick(t)
	}
	return part, errors.Join(errs...)
}

// pickRows copies rows of axis 0 on the host.
func pickRows(t *tensors.Tensor, rows []int32) (*tensors.Tensor, error) {
	shape := t.Shape().Clone()
	width := int(shape.ByteSize()) / shape.Dimensions[0]
	shape.Dimensions[0] = len(rows)
	picked := tensors.FromShape(shape)
	var inner error
	err := t.ConstBytes(func(from []byte) {
		inner = picked.MutableBytes(func(to []byte) {
			for i, row := range rows {
				copy(to[i*width:(i+1)*width], from[int(row)*width:(int(row)+1)*width])
			}
		})
	})
	return picked, errors.Join(err, inner)
}

// iteration yields the batches of a GoMLX data set, which is started again when it ends.
type iteration struct {
	batches chan streamed
	quit    chan struct{}
	first   *feed // was looked at
}

func iterate(ds train.Dataset, tasks []Task) *iteration {
	it := &iteration{batches: make(chan streamed), quit: make(chan struct{})}
	go func() {
		defer close(it.batches)
		for {
			yielded := false
			for batch, err := range ds.Iter() {
				yielded = true
				item := streamed{err: err}
				if err == nil {
					item.feed, item.err = batchFeed(batch, tasks)
				}
				select {
				case it.batches <- item:
				case <-it.quit:
					return
				}
				if item.err != nil {
					return
				}
			}
			if !yielded {
				select {
				case it.batches <- streamed{err: fmt.Errorf("mtl: the data set %q yields no batch", ds.Name())}:
				case <-it.quit:
				}
				return
			}
		}
	}()
	return it
}

// peek returns the first batch, which next will return again.
func (it *iteration) peek() (*feed, error) {
	var err error
	it.first, err = it.next()
	return it.first, err
}

func (it *iteration) next() (*feed, error) {
	if first := it.first; first != nil {
		it.first = nil
		return first, nil
	}
	item, open := <-it.batches
	if !open {
		return nil, io.EOF
	}
	return item.feed, item.err
}

func (it *iteration) stop() { close(it.quit) }

// skipping drops the first count batches.
func skipping(next func() (*feed, error), count int) func() (*feed, error) {
	return func() (*feed, error) {
		for ; count > 0; count-- {
			batch, err := next()
			if err != nil {
				return nil, err
			}
			batch.free()
		}
		return next()
	}
}

// checked stops at a batch that Split.Check would refuse for its numbers. A batch that is on the device already is not looked at.
func (c *Compiled) checked(next func() (*feed, error)) func() (*feed, error) {
	return func() (*feed, error) {
		f, err := next()
		if err == nil {
			err = f.check(c.model.Tasks, c.executor.compiler.feed.ids)
		}
		return f, err
	}
}

func (f *feed) check(tasks []Task, ids idRanges) error {
	var inputs []*tensors.Tensor
	for i, at := range f.inputs {
		x := f.tensors[at]
		if !x.IsLocal() {
			return nil
		}
		if inputs = append(inputs, x); x.Rank() == 0 {
			return fmt.Errorf("mtl: input %d of a batch is a scalar, %s; wanted [examples, ...]", i, x.Shape())
		}
		if err := checkFinite(fmt.Sprintf("input %d of a batch", i), x); err != nil {
			return err
		}
	}
	return ids.check(inputs, "batch")
}

// batchFeed takes a batch apart: its labels are one tensor a task, or labels and mask for each.
func batchFeed(batch train.Batch, tasks []Task) (*feed, error) {
	count := len(tasks)
	if len(batch.Inputs) == 0 || (len(batch.Labels) != count && len(batch.Labels) != 2*count) {
		return nil, fmt.Errorf("mtl: a batch has %d inputs and %d labels; wanted at least one input and, for %d tasks, %d labels or %d labels and masks in turn",
			len(batch.Inputs), len(batch.Labels), count, count, 2*count)
	}
	split := &Split{Inputs: batch.Inputs, Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{}}
	for i := range tasks {
		if len(batch.Labels) == count {
			split.Labels[tasks[i].Name] = batch.Labels[i]
		} else {
			split.Labels[tasks[i].Name], split.Masks[tasks[i].Name] = batch.Labels[2*i], batch.Labels[2*i+1]
		}
	}
	return newFeed(split, tasks), nil
}
