package transfer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
)

// Join is one split of the examples of several, which may have labels of different tasks: a task has a mask that is false where the split that the example is
// from has no labels of it. Inputs and labels of the same task must have the same shape.
func Join(splits ...*mtl.Split) (*mtl.Split, error) {
	if len(splits) == 0 || slices.ContainsFunc(splits, func(s *mtl.Split) bool { return s.Len() == 0 }) {
		return nil, fmt.Errorf("transfer: Join needs splits with at least one example each; got %d splits, or an empty one", len(splits))
	}
	joined := &mtl.Split{Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{}}
	names := map[string]bool{}
	var counts []int
	for _, s := range splits {
		if len(s.Inputs) != len(splits[0].Inputs) {
			return nil, fmt.Errorf("transfer: a split has %d inputs and another %d: only examples of the same kind can be joined", len(splits[0].Inputs), len(s.Inputs))
		}
		counts = append(counts, s.Len())
		for name := range s.Labels {
			names[name] = true
		}
	}
	for i := range splits[0].Inputs {
		parts := make([]*tensors.Tensor, len(splits))
		for k, s := range splits {
			parts[k] = s.Inputs[i]
		}
		x, err := concatenated(fmt.Sprintf("input %d", i), parts, counts)
		if err != nil {
			return nil, err
		}
		joined.Inputs = append(joined.Inputs, x)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		labels := make([]*tensors.Tensor, len(splits))
		for k, s := range splits {
			labels[k] = s.Labels[name]
		}
		y, err := concatenated("the labels of task "+name, labels, counts)
		if err != nil {
			return nil, err
		}
		joined.Labels[name] = y
		mask, err := joinedMask(name, splits)
		if err != nil {
			return nil, err
		}
		if mask != nil {
			joined.Masks[name] = mask
		}
	}
	return joined, nil
}

// Replay is the new split joined with a share of the old one, 0 to 1, drawn at random: rehearsal, the plainest way of not forgetting.
func Replay(old, added *mtl.Split, share float64, seed int64) (*mtl.Split, error) {
	n := int(share*float64(old.Len()) + 0.5)
	if !(share > 0 && share <= 1) || n == 0 {
		return nil, fmt.Errorf("transfer: cannot replay a share of %v of %d old examples; wanted a share above 0, at most 1, of at least one example", share, old.Len())
	}
	part, err := pick(old, drawn(old.Len(), n, seed))
	if err != nil {
		return nil, err
	}
	return Join(part, added)
}

// concatenated joins along axis 0; a part that is nil is zeros.
func concatenated(what string, parts []*tensors.Tensor, counts []int) (*tensors.Tensor, error) {
	var shape shapes.Shape
	total := 0
	for k, t := range parts {
		total += counts[k]
		if t == nil {
			continue
		}
		if t.Rank() == 0 || t.Shape().Dimensions[0] != counts[k] {
			return nil, fmt.Errorf("transfer: %s are shaped %s in a split of %d examples", what, t.Shape(), counts[k])
		}
		own := t.Shape().Clone()
		own.Dimensions[0] = 0
		if shape.Ok() && !shape.Equal(own) {
			return nil, fmt.Errorf("transfer: %s are %s in one split and %s in another (axis 0 counts examples): give them the same shape and type", what, shape, own)
		}
		shape = own
	}
	shape = shape.Clone()
	shape.Dimensions[0] = total
	all := tensors.FromShape(shape)
	var errs []error
	err := all.MutableBytes(func(to []byte) {
		width := len(to) / total
		at := 0
		for k, t := range parts {
			if t != nil {
				errs = append(errs, t.ConstBytes(func(from []byte) { copy(to[at*width:], from) }))
			}
			at += counts[k]
		}
	})
	return all, errors.Join(append(errs, err)...)
}

// joinedMask is the mask of a task over all splits, nil where all is labelled: one flag an example, or one a label where any split has that.
func joinedMask(name string, splits []*mtl.Split) (*tensors.Tensor, error) {
	var dims []int // of the mask of one example
	needed := false
	for _, s := range splits {
		mask := s.Masks[name]
		needed = needed || s.Labels[name] == nil || mask != nil
		if mask != nil && mask.Rank() > len(dims)+1 {
			dims = mask.Shape().Dimensions[1:]
		}
	}
	if !needed {
		return nil, nil
	}
	width := 1
	for _, d := range dims {
		width *= d
	}
	var all []bool
	for _, s := range splits {
		flags := repeated(s.Labels[name] != nil, s.Len()*width)
		if mask := s.Masks[name]; mask != nil && s.Labels[name] != nil {
			if mask.DType() != dtypes.Bool {
				return nil, fmt.Errorf("transfer: the mask of task %q is %s; wanted bool", name, mask.Shape())
			}
			own, err := tensors.CopyFlatData[bool](mask)
			if err != nil {
				return nil, err
			}
			if len(own) == 0 || len(flags)%len(own) != 0 {
				return nil, fmt.Errorf("transfer: the masks of task %q have different shapes", name)
			}
			for i := range flags {
				flags[i] = own[i/(len(flags)/len(own))]
			}
		}
		all = append(all, flags...)
	}
	return tensors.FromFlatDataAndDimensions(all, append([]int{len(all) / width}, dims...)...), nil
}
