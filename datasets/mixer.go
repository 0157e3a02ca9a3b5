package datasets

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/mtl"
)

// Source is the data set of one task, or of several that share examples.
type Source struct {
	// Split holds inputs shaped like the other sources' and the labels of the tasks that this source has; the others get masked labels.
	Split *mtl.Split
	// Batch is the number of examples that a batch takes from this source when it is its turn; 0 means the mixer's.
	Batch int
}

// Mixer draws batches from sources with examples and tasks of their own. Every batch has the same shape and, for each of Tasks, labels and a mask that is true where the
// example's source has that task: one compiled program serves all, one pass through the trunk a step, and a task without a label in a batch is left out of its step. It is
// a train.Dataset for mtl.Data.Stream. A batch is a pure function of seed and step, so a run that is resumed sees the batches that it would have seen.
type Mixer struct {
	Sources []Source
	Tasks   []mtl.Task
	// Order says whose turn it is; nil means Together.
	Order Order
	// Batch is the number of examples of a source in a batch; 0 means 32.
	Batch int
	Seed  uint64
}

// Name implements train.Dataset.
func (m *Mixer) Name() string { return "mixer" }

// Iter implements train.Dataset: batches without end, from step 0 on.
func (m *Mixer) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		if err := m.Check(); err != nil {
			yield(train.Batch{}, err)
			return
		}
		order, sizes, batches := m.order(), m.sizes(), m.batches()
		cursors := make([]cursor, len(sizes))
		for s, n := range sizes {
			cursors[s] = cursor{seed: mix(m.Seed + uint64(s)*golden), permutation: make([]int, n)}
		}
		for step := 0; ; step++ {
			var parts []*mtl.Split
			for s, count := range order.turn(m.Seed, step, sizes, batches) {
				if count == 0 {
					continue
				}
				part, err := Subset(m.Sources[s].Split, cursors[s].next(count))
				if err != nil {
					yield(train.Batch{}, err)
					return
				}
				parts = append(parts, part)
			}
			batch, err := m.join(parts)
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// cursor goes through the examples of a source; every pass is a new permutation.
type cursor struct {
	seed        uint64
	taken       int
	permutation []int
}

func (c *cursor) next(count int) []int {
	rows := make([]int, count)
	for i := range rows {
		at := c.taken % len(c.permutation)
		if at == 0 {
			c.permutation = rand.New(rand.NewPCG(c.seed, uint64(c.taken/len(c.permutation)))).Perm(len(c.permutation))
		}
		rows[i] = c.permutation[at]
		c.taken++
	}
	return rows
}

// LongestEpoch is the number of steps in which the source that takes longest is seen once, where every batch holds examples of each.
func (m *Mixer) LongestEpoch() int { return slices.Max(m.passes()) }

// ShortestEpoch is the number of steps after which the first source has been seen once, where every batch holds examples of each.
func (m *Mixer) ShortestEpoch() int { return slices.Min(m.passes()) }

func (m *Mixer) passes() []int {
	passes, batches := m.sizes(), m.batches()
	for s := range passes {
		passes[s] = (passes[s] + batches[s] - 1) / batches[s]
	}
	return passes
}

func (m *Mixer) sizes() []int {
	sizes := make([]int, len(m.Sources))
	for s, source := range m.Sources {
		sizes[s] = source.Split.Len()
	}
	return sizes
}

func (m *Mixer) batches() []int {
	batches := make([]int, len(m.Sources))
	for s, source := range m.Sources {
		for _, n := range []int{source.Batch, m.Batch, 32} {
			if batches[s] == 0 {
				batches[s] = n
			}
		}
	}
	return batches
}

func (m *Mixer) order() Order {
	if m.Order == nil {
		return Together{}
	}
	return m.Order
}

// Check looks at sources, tasks and order without looking at values.
func (m *Mixer) Check() error {
	if len(m.Sources) == 0 || len(m.Tasks) == 0 {
		return fmt.Errorf("datasets: a mixer has %d sources and %d tasks; wanted at least one of each", len(m.Sources), len(m.Tasks))
	}
	for s, source := range m.Sources {
		if source.Split.Len() == 0 || source.Batch < 0 || m.Batch < 0 {
			return fmt.Errorf("datasets: source %d of a mixer has %d examples and a batch of %d; wanted at least one example and no negative batch", s, source.Split.Len(), source.Batch)
		}
		if !sameInputs(m.Sources[0].Split, source.Split) {
			return fmt.Errorf("datasets: the inputs of source %d of a mixer are not typed and shaped like those of source 0, but for the number of examples", s)
		}
	}
	for i := range m.Tasks {
		if _, err := m.labelsLike(m.Tasks[i].Name); err != nil {
			return err
		}
	}
	return m.order().check(m.batches())
}

// labelsLike returns labels of a task of some source.
func (m *Mixer) labelsLike(task string) (*tensors.Tensor, error) {
	var like *tensors.Tensor
	for s, source := range m.Sources {
		labels := source.Split.Labels[task]
		if labels == nil {
			continue
		}
		if like != nil && (like.DType() != labels.DType() || !slices.Equal(like.Shape().Dimensions[1:], labels.Shape().Dimensions[1:])) {
			return nil, fmt.Errorf("datasets: the labels of task %q are shaped %s in source %d of a mixer and %s before; wanted the same but for the number of examples", task, labels.Shape(), s, like.Shape())
		}
		like = labels
	}
	if like == nil {
		return nil, fmt.Errorf("datasets: no source of the mixer has labels of task %q", task)
	}
	return like, nil
}

// join puts the parts of a batch together.
func (m *Mixer) join(parts []*mtl.Split) (batch train.Batch, err error) {
	gathered := func(pick func(part *mtl.Split) *tensors.Tensor) *tensors.Tensor {
		pieces := make([]*tensors.Tensor, len(parts))
		for i, part := range parts {
			pieces[i] = pick(part)
		}
		joined, failed := concatenate(pieces)
		err = errors.Join(err, failed)
		return joined
	}
	for i := range parts[0].Inputs {
		batch.Inputs = append(batch.Inputs, gathered(func(part *mtl.Split) *tensors.Tensor { return part.Inputs[i] }))
	}
	for i := range m.Tasks {
		name := m.Tasks[i].Name
		like, missing := m.labelsLike(name)
		if missing != nil {
			return batch, missing
		}
		empty := func(part *mtl.Split, dtype dtypes.DType) *tensors.Tensor {
			shape := like.Shape().Clone()
			shape.Dimensions[0], shape.DType = part.Len(), dtype
			return tensors.FromShape(shape)
		}
		y := gathered(func(part *mtl.Split) *tensors.Tensor {
			if labels := part.Labels[name]; labels != nil {
				return labels
			}
			return empty(part, like.DType())
		})
		mask := gathered(func(part *mtl.Split) *tensors.Tensor {
			whole := empty(part, dtypes.Bool)
			if part.Labels[name] != nil {
				err = errors.Join(err, known(whole, part.Masks[name]))
			}
			return whole
		})
		batch.Labels = append(batch.Labels, y, mask)
	}
	return batch, err
}

// known fills a mask shaped like labels from one that is shaped like them or [examples], or nil for all.
func known(whole, mask *tensors.Tensor) error {
	given := []bool{true}
	if mask != nil {
		var err error
		if given, err = tensors.CopyFlatData[bool](mask); err != nil {
			return err
		}
	}
	return tensors.MutableFlatData(whole, func(flat []bool) {
		for i := range flat {
			flat[i] = given[i*len(given)/len(flat)]
		}
	})
}

// concatenate joins tensors along axis 0.
func concatenate(pieces []*tensors.Tensor) (*tensors.Tensor, error) {
	if len(pieces) == 1 {
		return pieces[0], nil
	}
	shape := pieces[0].Shape().Clone()
	shape.Dimensions[0] = 0
	for _, piece := range pieces {
		shape.Dimensions[0] += piece.Shape().Dimensions[0]
	}
	joined := tensors.FromShape(shape)
	var inner error
	err := joined.MutableBytes(func(to []byte) {
		for _, piece := range pieces {
			inner = errors.Join(inner, piece.ConstBytes(func(from []byte) { to = to[copy(to, from):] }))
		}
	})
	return joined, errors.Join(err, inner)
}
