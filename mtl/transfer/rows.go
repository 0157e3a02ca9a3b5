package transfer

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// rows copies the given rows of axis 0.
func rows(t *tensors.Tensor, at []int) (*tensors.Tensor, error) {
	shape := t.Shape().Clone()
	count := shape.Dimensions[0]
	shape.Dimensions[0] = len(at)
	picked := tensors.FromShape(shape)
	var inner error
	err := t.ConstBytes(func(from []byte) {
		width := len(from) / count
		inner = picked.MutableBytes(func(to []byte) {
			for i, row := range at {
				copy(to[i*width:(i+1)*width], from[row*width:(row+1)*width])
			}
		})
	})
	if err != nil {
		return nil, err
	}
	return picked, inner
}

// pick is a split of the given rows, which may come more than once.
func pick(s *mtl.Split, at []int) (*mtl.Split, error) {
	part := &mtl.Split{Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{}}
	for _, x := range s.Inputs {
		taken, err := rows(x, at)
		if err != nil {
			return nil, err
		}
		part.Inputs = append(part.Inputs, taken)
	}
	for _, pair := range []struct{ from, to map[string]*tensors.Tensor }{{s.Labels, part.Labels}, {s.Masks, part.Masks}} {
		for _, name := range slices.Sorted(maps.Keys(pair.from)) {
			if pair.from[name] == nil || pair.from[name].Shape().Dimensions[0] != s.Len() {
				return nil, fmt.Errorf("transfer: the labels or mask of task %q do not have the %d examples of the inputs", name, s.Len())
			}
			taken, err := rows(pair.from[name], at)
			if err != nil {
				return nil, err
			}
			pair.to[name] = taken
		}
	}
	return part, nil
}

// drawn are n different numbers below count in random order, or all; the first of them do not depend on n.
func drawn(count, n int, seed int64) []int {
	return rand.New(rand.NewPCG(uint64(seed), 0x7a)).Perm(count)[:min(n, count)]
}

// cycled are the numbers below count over and over, n in all.
func cycled(count, n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i % count
	}
	return at
}
