package mtl

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// batchNodes is one batch inside a graph: inputs, and for each task its labels and mask (nil where all is labelled).
type batchNodes struct {
	inputs, labels, masks []*graph.Node
}

// feed is a Split on the device. Its tensors are parameters of every graph; a batch is gathered from them by row numbers.
type feed struct {
	tensors []*tensors.Tensor
	shapes  []shapes.Shape // of tensors, kept when those are freed
	// Positions in tensors; masks[i] is -1 where task i has no mask.
	inputs, labels, masks []int
	buffers               []compute.Buffer
	ids                   idRanges // of the graph that takes it
}

// newFeed lists the split's tensors in the order of the model's tasks.
func newFeed(split *Split, tasks []Task) *feed {
	f := &feed{}
	add := func(t *tensors.Tensor) int {
		if t == nil {
			return -1
		}
		f.tensors = append(f.tensors, t)
		f.shapes = append(f.shapes, t.Shape())
		return len(f.tensors) - 1
	}
	for _, input := range split.Inputs {
		f.inputs = append(f.inputs, add(input))
	}
	for i := range tasks {
		f.labels = append(f.labels, add(split.Labels[tasks[i].Name]))
		f.masks = append(f.masks, add(split.Masks[tasks[i].Name]))
	}
	return f
}

// like is a feed of another split for the graphs that f was declared in.
func (f *feed) like(split *Split, tasks []Task, what string) (*feed, error) {
	if err := split.Check(what, tasks); err != nil {
		return nil, err
	}
	if err := f.ids.check(split.Inputs, what+" split"); err != nil {
		return nil, err
	}
	other := newFeed(split, tasks)
	same := slices.EqualFunc(f.shapes, other.shapes, shapes.Shape.Equal) && slices.Equal(f.masks, other.masks)
	if !same {
		return nil, fmt.Errorf("mtl: the run's %s split has tensors shaped %v where Compile had %v: give it the same shapes, and masks for the same tasks", what, other.shapes, f.shapes)
	}
	return other, nil
}

// upload puts the tensors on the device, once.
func (f *feed) upload(backend compute.Backend) error {
	f.buffers = make([]compute.Buffer, len(f.tensors))
	for i, t := range f.tensors {
		buffer, err := t.Buffer(backend, 0)
		if err != nil {
			return fmt.Errorf("mtl: cannot put a tensor shaped %s on the device: %w", t.Shape(), err)
		}
		f.buffers[i] = buffer
	}
	return nil
}

// parameters declares the tensors in the current function of g.
func (f *feed) parameters(g *graph.Graph) []*graph.Node {
	nodes := make([]*graph.Node, len(f.shapes))
	for i, shape := range f.shapes {
		nodes[i] = graph.Parameter(g, fmt.Sprintf("data_%d", i), shape)
	}
	return nodes
}

// gather picks the rows (int32 [batch]) of the declared tensors.
func (f *feed) gather(data []*graph.Node, rows *graph.Node) batchNodes {
	indices := graph.InsertAxes(rows, -1)
	return f.arrange(data, func(node *graph.Node) *graph.Node { return graph.Gather(node, indices) })
}

// whole takes the declared tensors as the batch.
func (f *feed) whole(data []*graph.Node) batchNodes {
	return f.arrange(data, func(node *graph.Node) *graph.Node { return node })
}

func (f *feed) arrange(data []*graph.Node, pick func(*graph.Node) *graph.Node) batchNodes {
	at := func(positions []int) []*graph.Node {
		nodes := make([]*graph.Node, len(positions))
		for i, p := range positions {
			if p >= 0 {
				nodes[i] = pick(data[p])
			}
		}
		return nodes
	}
	return batchNodes{inputs: at(f.inputs), labels: at(f.labels), masks: at(f.masks)}
}

// bytes is the memory that the tensors take.
func (f *feed) bytes() (sum int64) {
	for _, shape := range f.shapes {
		sum += shape.ByteSize()
	}
	return sum
}

func int32Shape(dims ...int) shapes.Shape { return shapes.Make(dtypes.Int32, dims...) }
