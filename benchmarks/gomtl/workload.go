package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// workload is one of the three shapes of work of the README; peers/workloads.py has the same table.
type workload struct {
	batch, examples int
	inputs          []int // shape of one example
	trunk           arch.Trunk
	tasks           []mtl.Task
	chunk           int // steps in one timed chunk
	parameters      int // what the model must have, as a check; 0 for anything
}

const classes = 10

var workloads = map[string]workload{
	"w1": {64, 1024, []int{32, 32, 3}, arch.Conv{Stages: []arch.Stage{{Channels: 32}, {Channels: 32, Stride: 2}, {Channels: 64}}}, []mtl.Task{
		mtl.Classification("image", classes, mtl.WithHead(mtl.DenseHead{Outputs: classes, Pool: mtl.SpatialMean})),
		mtl.Segmentation("pixels", classes, mtl.WithHead(mtl.NearestPixelHead{Outputs: classes, Upsample: 2})),
	}, 8, 29_940},
	"w2": {512, 16_384, []int{256}, arch.Dense{Widths: []int{512, 512, 512}}, []mtl.Task{
		mtl.Regression("value0", 1), mtl.Regression("value1", 1), mtl.Regression("value2", 1), mtl.Regression("value3", 1),
		mtl.Classification("class0", classes), mtl.Classification("class1", classes),
		mtl.Classification("class2", classes), mtl.Classification("class3", classes),
	}, 64, 679_468},
	"w3": {32, 4096, []int{64}, arch.Dense{Widths: []int{64}}, []mtl.Task{
		mtl.Regression("value", 1), mtl.Classification("class", classes),
	}, 1024, 4_875},
}

// withTasks returns the workload with count tasks in place of its own, regressions and classifications in turn.
func (w workload) withTasks(count int) workload {
	w.tasks, w.parameters = nil, 0
	for i := range count {
		if i%2 == 0 {
			w.tasks = append(w.tasks, mtl.Regression(fmt.Sprintf("value%d", i), 1))
		} else {
			w.tasks = append(w.tasks, mtl.Classification(fmt.Sprintf("class%d", i), classes))
		}
	}
	return w
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
	if count := trainedValues(store); w.parameters > 0 && count != w.parameters {
		return fmt.Errorf("the model has %d parameters; wanted %d, as the peers have", count, w.parameters)
	}
	return nil
}

// trainedValues is the number of values of the model that training changes, without the weighting's own.
func trainedValues(store *model.Store) int {
	count := 0
	for v := range store.IterVariables() {
		if v.Trainable && !strings.HasPrefix(v.Path(), "/mtl/") {
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
