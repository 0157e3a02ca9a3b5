package main

import (
	"context"
	"time"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// twinRun is one seed's result, with the fields that peers/multidigits_twin.py prints.
type twinRun struct {
	Seed       int64                         `json:"seed"`
	Parameters int                           `json:"parameters"`
	Seconds    float64                       `json:"seconds"`
	Test       map[string]map[string]float64 `json:"test"`
}

// twinModel is the model of the PyTorch twin.
func twinModel() *mtl.Model {
	dense := func(outputs int) mtl.TaskOption {
		return mtl.WithHead(mtl.DenseHead{Hidden: []int{64}, Outputs: outputs, Scalar: outputs == 1})
	}
	return &mtl.Model{
		Arch: arch.HardSharing{Trunk: arch.Conv{Stages: []arch.Stage{{Channels: 16}, {Channels: 32, Stride: 2}, {Channels: 32}}}},
		Tasks: []mtl.Task{
			mtl.Classification("left", 10, dense(10)),
			mtl.Classification("right", 10, dense(10)),
			mtl.Segmentation("owner", 4, mtl.WithHead(mtl.PixelHead{Hidden: []int{64}, Outputs: 4, Upsample: 2})),
			mtl.Regression("ink", 1, dense(1)),
		},
	}
}

// twin trains the named tasks of the worked example as peers/multidigits_twin.py does, once a seed.
func twin(ctx context.Context, set *datasets.Set, names []string, seeds, steps int) ([]twinRun, error) {
	m, err := twinModel().Only(names...)
	if err != nil {
		return nil, err
	}
	b, err := backend.New(ctx)
	if err != nil {
		return nil, err
	}
	var runs []twinRun
	for seed := int64(1); seed <= int64(seeds); seed++ {
		store, started := model.NewStore(), time.Now()
		_, err := mtl.Fit(ctx, m, mtl.Data{Train: set.Train.Only(names...)}, mtl.FitOptions{
			Backend: b, Store: store, Seed: seed, Steps: steps, BatchSize: 64, LearningRate: 2e-3, Schedule: mtl.Cosine{WarmUp: 50},
		})
		if err != nil {
			return nil, err
		}
		seconds := time.Since(started).Seconds()
		evaluation, err := mtl.Evaluate(ctx, b, store, m, set.Test.Only(names...))
		if err != nil {
			return nil, err
		}
		runs = append(runs, twinRun{seed, trainedValues(store), seconds, evaluation.Metric})
	}
	return runs, nil
}
