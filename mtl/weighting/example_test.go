package weighting_test

import (
	"fmt"
	"log"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// Uncertainty weighting in a stock GoMLX trainer: the task that cannot be predicted ends with the larger noise variance, so with the
// smaller weight.
func Example() {
	m := &mtl.Model{
		Arch:  arch.HardSharing{Trunk: arch.Dense{Widths: []int{8}}},
		Tasks: []mtl.Task{mtl.Regression("clean", 1), mtl.Regression("noise", 1)},
	}
	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	trainer := train.NewTrainer(b, store, m.Graph, m.Loss,
		mtl.Optimizer(weighting.Uncertainty{}, optimizer.Adam().LearningRate(0.02).Done()), nil, nil)
	for range 300 {
		_, err := trainer.TrainStep(train.Batch{
			Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{{0}, {0}, {1}, {1}})},
			Labels: []*tensors.Tensor{tensors.FromValue([]float32{0, 0, 1, 1}), tensors.FromValue([]float32{-2, 2, -2, 2})},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	logVariance := store.GetVariable("/mtl/uncertainty/log_variance").MustValue().Value().([]float32)
	fmt.Println("clean below noise:", logVariance[0] < logVariance[1])
	// Output: clean below noise: true
}
