package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// workload is one of the three shapes of work of the README; peers/workloads.py has the same table.
type workload struct {
	batch, examples int
	inputs          []int // shape of one example
	hidden          []int // widths of the shared layers
	tasks           []mtl.Task
	chunk           int // steps in one timed chunk
	parameters      int // what the model must have, as a check
}

const classes = 10

var workloads = map[string]workload{
	"w1": {64, 1024, []int{32, 32, 3}, []int{32, 32, 64}, []mtl.Task{
		mtl.Classification("image", classes, mtl.WithHead(mtl.HeadFunc(meanHead))),
		mtl.Segmentation("pixels", classes, mtl.WithHead(mtl.HeadFunc(upsampledHead))),
	}, 8, 29_940},
	"w2": {512, 16_384, []int{256}, []int{512, 512, 512}, []mtl.Task{
		mtl.Regression("value0", 1), mtl.Regression("value1", 1), mtl.Regression("value2", 1), mtl.Regression("value3", 1),
		mtl.Classification("class0", classes), mtl.Classification("class1", classes),
		mtl.Classification("class2", classes), mtl.Classification("class3", classes),
	}, 64, 679_468},
	"w3": {32, 4096, []int{64}, []int{64}, []mtl.Task{
		mtl.Regression("value", 1), mtl.Classification("class", classes),
	}, 1024, 4_875},
}

// meanHead is one dense layer on the mean over all pixels.
func meanHead(scope *model.Scope, features *graph.Node) *graph.Node {
	return layers.DenseWithBias(scope, graph.ReduceMean(features, 1, 2), classes)
}

// upsampledHead is a 1×1 convolution, each of whose pixels is repeated in both directions.
func upsampledHead(scope *model.Scope, features *graph.Node) *graph.Node {
	x := layers.DenseWithBias(scope, features, classes)
	d := x.Shape().Dimensions
	x = graph.BroadcastToDims(graph.InsertAxes(x, 2, 3), d[0], d[1], 2, d[2], 2, d[3])
	return graph.Reshape(x, d[0], 2*d[1], 2*d[2], d[3])
}

// Features implements mtl.Architecture: the shared dense or convolutional layers, as written out by hand in the peers.
func (w workload) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	scope, x := scope.At(mtl.SharedScope), inputs[0]
	for i, width := range w.hidden {
		layer := scope.At("layer_%d", i)
		if len(w.inputs) == 3 {
			stride := 1
			if i == 1 {
				stride = 2
			}
			x = layers.Convolution(layer, x).Channels(width).KernelSize(3).Strides(stride).PadSame().Done()
		} else {
			x = layers.DenseWithBias(layer, x, width)
		}
		x = activation.Relu(x)
	}
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = x
	}
	return features
}

// data is random: only the time of a step is measured.
func (w workload) data(seed uint64) *mtl.Split {
	rng := rand.New(rand.NewPCG(seed, 0))
	normal := func(dims ...int) *tensors.Tensor {
		flat := make([]float32, size(dims))
		for i := range flat {
			flat[i] = float32(rng.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(flat, dims...)
	}
	class := func(dims ...int) *tensors.Tensor {
		flat := make([]int32, size(dims))
		for i := range flat {
			flat[i] = rng.Int32N(classes)
		}
		return tensors.FromFlatDataAndDimensions(flat, dims...)
	}
	split := &mtl.Split{
		Inputs: []*tensors.Tensor{normal(append([]int{w.examples}, w.inputs...)...)},
		Labels: map[string]*tensors.Tensor{},
	}
	for _, task := range w.tasks {
		switch task.Kind {
		case mtl.KindRegression:
			split.Labels[task.Name] = normal(w.examples)
		case mtl.KindSegmentation:
			split.Labels[task.Name] = class(w.examples, w.inputs[0], w.inputs[1])
		default:
			split.Labels[task.Name] = class(w.examples)
		}
	}
	return split
}

// check compares the number of trained values with the peers' models.
func (w workload) check(store *model.Store) error {
	if count := trainedValues(store); count != w.parameters {
		return fmt.Errorf("the model has %d parameters; wanted %d, as the peers have", count, w.parameters)
	}
	return nil
}

// trainedValues is the number of values that training changes.
func trainedValues(store *model.Store) int {
	count := 0
	for v := range store.IterVariables() {
		if v.Trainable {
			count += v.Shape().Size()
		}
	}
	return count
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
