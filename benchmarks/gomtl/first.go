package main

import (
	"context"
	"runtime"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/datasets/digits"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/compilation"
)

// firstResult is what a process prints that trains one step, with the fields of peers/first_step.py.
type firstResult struct {
	Peer       string             `json:"peer"`
	Parameters int                `json:"parameters"`
	Losses     map[string]float64 `json:"losses"`
	Programs   compilation.Count  `json:"programs"`
	Versions   map[string]string  `json:"versions"`
}

// first trains one step of the model that `gomtl train -data digits` trains.
func first(ctx context.Context) (*firstResult, error) {
	set, err := digits.Load()
	if err != nil {
		return nil, err
	}
	b, err := backend.New(ctx)
	if err != nil {
		return nil, err
	}
	dense := func(outputs int, scalar bool) mtl.TaskOption {
		return mtl.WithHead(mtl.DenseHead{Hidden: []int{64}, Outputs: outputs, Scalar: scalar})
	}
	m := &mtl.Model{
		Arch: arch.HardSharing{Trunk: arch.Conv{Stages: []arch.Stage{{Channels: 16}, {Channels: 32, Stride: 2}, {Channels: 32}}}},
		Tasks: []mtl.Task{
			mtl.Classification(digits.TaskDigit, 10, dense(10, false)),
			mtl.Binary(digits.TaskParity, dense(1, true)),
			mtl.Regression(digits.TaskInk, 1, dense(1, true)),
		},
	}
	store := model.NewStore()
	h, err := mtl.Fit(ctx, m, mtl.Data{Train: set.Train}, mtl.FitOptions{Backend: b, Store: store, Steps: 1, BatchSize: 64, LearningRate: 1e-3})
	if err != nil {
		return nil, err
	}
	return &firstResult{
		Peer: "gomtl", Parameters: trainedValues(store), Losses: h.Records[0].Loss, Programs: compilation.Total(),
		Versions: map[string]string{"go": runtime.Version(), "gomlx": moduleVersion("github.com/gomlx/gomlx"), "backend": backend.Describe(b)},
	}, nil
}
