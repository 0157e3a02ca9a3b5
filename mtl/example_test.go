package mtl_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// points are n points of the plane, with two questions about each: which quadrant, and how far from the origin?
func points(n int) *mtl.Split {
	rng := rand.New(rand.NewPCG(1, 2))
	x, quadrant, distance := make([]float32, 2*n), make([]int32, n), make([]float32, n)
	for i := range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x[2*i], x[2*i+1] = float32(a), float32(b)
		distance[i] = float32(a*a + b*b)
		if a < 0 {
			quadrant[i]++
		}
		if b < 0 {
			quadrant[i] += 2
		}
	}
	return &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 2)},
		Labels: map[string]*tensors.Tensor{
			"quadrant": tensors.FromFlatDataAndDimensions(quadrant, n),
			"distance": tensors.FromFlatDataAndDimensions(distance, n),
		},
	}
}

var planeModel = &mtl.Model{
	Arch:  arch.HardSharing{Trunk: arch.Dense{Widths: []int{32, 32}}},
	Tasks: []mtl.Task{mtl.Classification("quadrant", 4), mtl.Regression("distance", 1)},
}

// Two tasks on one trunk, from arrays to an evaluation.
func Example() {
	ctx := context.Background()
	b, err := backend.Go() // backend.New(ctx) for XLA
	if err != nil {
		fmt.Println(err)
		return
	}
	store := model.NewStore()
	h, err := mtl.Fit(ctx, planeModel, mtl.Data{Train: points(1000), Validation: points(200)}, mtl.FitOptions{
		Backend: b, Store: store, Epochs: 20, LearningRate: 1e-2, Weighting: weighting.Uncertainty{},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, task := range planeModel.TaskNames() {
		losses := h.Loss(history.Validation, task).Values
		fmt.Println(task, "improved:", losses[len(losses)-1] < losses[0]/2)
	}
	evaluation, err := mtl.Evaluate(ctx, b, store, planeModel, points(500))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("quadrants right:", evaluation.Metric["quadrant"]["accuracy"] > 0.95)
	// Output:
	// quadrant improved: true
	// distance improved: true
	// quadrants right: true
}

// The same model in a stock GoMLX trainer and loop: nothing of Fit is needed.
func ExampleModel_stockTrainer() {
	b, err := backend.Go()
	if err != nil {
		fmt.Println(err)
		return
	}
	store := model.NewStore()
	trainer := train.NewTrainer(b, store, planeModel.Graph, planeModel.Loss,
		mtl.Optimizer(weighting.Equal{}, optimizer.Adam().LearningRate(1e-2).Done()), nil, nil)
	loop := train.NewLoop(trainer)
	metrics, err := loop.RunSteps(points(1000).Batches("points", planeModel.Tasks, 32, 1), 500)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sum of the losses below 0.5:", metrics[1].Value().(float32) < 0.5)
	// Output: sum of the losses below 0.5: true
}
