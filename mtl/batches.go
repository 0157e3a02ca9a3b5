package mtl

import (
	"iter"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"
)

// Batches is the split as an endless GoMLX data set, for a stock train.Loop or as Data.Stream: shuffled batches in the order in which Fit
// takes them with that seed. Its labels are as Model.Loss takes them: one tensor a task, or labels and mask of each where any task has a mask.
func (s *Split) Batches(name string, tasks []Task, batch int, seed int64) train.Dataset {
	return &batches{name: name, split: s, tasks: tasks, batch: min(batch, s.Len()), seed: seed}
}

type batches struct {
	name  string
	split *Split
	tasks []Task
	batch int
	seed  int64
}

// Name implements train.Dataset.
func (b *batches) Name() string { return b.name }

// Iter implements train.Dataset; each iteration yields the same batches, in tensors of their own.
func (b *batches) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		rows := newSampler(b.seed, b.split.Len(), b.batch)
		for step := 0; ; step++ {
			part, err := b.split.rows(rows.next(step, 1))
			if err != nil {
				yield(train.Batch{}, err)
				return
			}
			if !yield(train.Batch{Inputs: part.Inputs, Labels: part.ordered(b.tasks)}, nil) {
				return
			}
		}
	}
}

// ordered lists the labels by task, each followed by its mask where any task has one.
func (s *Split) ordered(tasks []Task) []*tensors.Tensor {
	var labels []*tensors.Tensor
	for i := range tasks {
		y := s.Labels[tasks[i].Name]
		labels = append(labels, y)
		if len(s.Masks) == 0 {
			continue
		}
		mask := s.Masks[tasks[i].Name]
		if mask == nil {
			mask = tensors.FromScalarAndDimensions(true, s.Len())
		}
		labels = append(labels, mask)
	}
	return labels
}
