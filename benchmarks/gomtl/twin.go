package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
)

// twinRun is one seed's result, with the fields that peers/multidigits_twin.py prints.
type twinRun struct {
	Seed       int64                         `json:"seed"`
	Parameters int                           `json:"parameters"`
	Seconds    float64                       `json:"seconds"`
	Test       map[string]map[string]float64 `json:"test"`
}

// twinTasks are the tasks and heads that the PyTorch twin has.
func twinTasks(names []string) ([]mtl.Task, error) {
	dense := func(outputs int) mtl.TaskOption {
		return mtl.WithHead(mtl.DenseHead{Hidden: []int{64}, Outputs: outputs, Scalar: outputs == 1})
	}
	all := map[string]mtl.Task{
		"left":  mtl.Classification("left", 10, dense(10)),
		"right": mtl.Classification("right", 10, dense(10)),
		"owner": mtl.Segmentation("owner", 4, mtl.WithHead(mtl.PixelHead{Outputs: 4, Upsample: 2})),
		"ink":   mtl.Regression("ink", 1, dense(1)),
	}
	var tasks []mtl.Task
	for _, name := range names {
		task, found := all[name]
		if !found {
			return nil, fmt.Errorf("there is no task %q: wanted some of %v", name, slices.Sorted(maps.Keys(all)))
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}

// twin trains the worked example as peers/multidigits_twin.py does, once a seed.
func twin(ctx context.Context, set *datasets.Set, names []string, seeds, steps int) ([]twinRun, error) {
	tasks, err := twinTasks(names)
	if err != nil {
		return nil, err
	}
	b, err := backend.New(ctx)
	if err != nil {
		return nil, err
	}
	m := &mtl.Model{Arch: workload{inputs: set.Train.Inputs[0].Shape().Dimensions[1:], hidden: []int{16, 32}}, Tasks: tasks}
	var runs []twinRun
	for seed := int64(1); seed <= int64(seeds); seed++ {
		store, started := model.NewStore(), time.Now()
		_, err := mtl.Fit(ctx, m, mtl.Data{Train: only(set.Train, names)}, mtl.FitOptions{
			Backend: b, Store: store, Seed: seed, Steps: steps, BatchSize: 64, Optimizer: optimizer.Adam().LearningRate(1e-3).Done(),
		})
		if err != nil {
			return nil, err
		}
		seconds := time.Since(started).Seconds()
		evaluation, err := mtl.Evaluate(ctx, b, store, m, only(set.Test, names))
		if err != nil {
			return nil, err
		}
		runs = append(runs, twinRun{seed, trainedValues(store), seconds, evaluation.Metric})
	}
	return runs, nil
}

// only is the split with the labels of the named tasks.
func only(split *mtl.Split, names []string) *mtl.Split {
	part := *split
	part.Labels = maps.Clone(split.Labels)
	maps.DeleteFunc(part.Labels, func(name string, _ *tensors.Tensor) bool { return !slices.Contains(names, name) })
	return &part
}
