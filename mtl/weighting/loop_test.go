package weighting_test

import (
	"context"
	"log/slog"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// Fit gives the same variables with many steps in a call as with one, for weightings with state and layers with state: batch
// normalisation, dropout and L1's update after each step.
func TestManyStepsInACall(t *testing.T) {
	split := &mtl.Split{Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{}}
	var x [][]float32
	var class []int32
	var amount []float32
	var known []bool
	for i := range 48 {
		v := float64(i)
		x = append(x, []float32{float32(math.Sin(v)), float32(math.Cos(2 * v)), float32(math.Sin(3 * v))})
		class = append(class, int32(i%3))
		amount = append(amount, float32(math.Sin(v)+math.Cos(2*v)))
		known = append(known, i%5 != 0)
	}
	split.Inputs = []*tensors.Tensor{tensors.FromValue(x)}
	split.Labels["class"], split.Labels["amount"] = tensors.FromValue(class), tensors.FromValue(amount)
	split.Masks["amount"] = tensors.FromValue(known)
	m := &mtl.Model{
		Arch:  arch.HardSharing{Trunk: arch.Dense{Widths: []int{12}, Normalization: arch.BatchNorm, Dropout: 0.2, L1: 1e-4, L2: 1e-4}},
		Tasks: []mtl.Task{mtl.Classification("class", 3), mtl.Regression("amount", 1)},
	}
	methods := map[string]mtl.Weighting{
		"uncertainty": weighting.Uncertainty{}, "dwa": weighting.DWA{Window: 3}, "famo": weighting.FAMO{},
		"smoothed rlw": weighting.Smoothed{Method: weighting.RLW{}}, "stch log nadir": weighting.STCHLogNadir{Window: 2},
		"sdmgrad": weighting.SDMGrad{}, "db-mtl": weighting.DBMTL{}, "auto-lambda": weighting.AutoLambda{}, "forum": weighting.FORUM{InnerSteps: 2},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, w := range methods {
			t.Run(name, func(t *testing.T) {
				fit := func(stepsPerCall int) (*model.Store, []float64) {
					store := model.NewStore()
					own := &mtl.Split{Labels: map[string]*tensors.Tensor{}, Masks: map[string]*tensors.Tensor{}}
					clone := func(from *tensors.Tensor) *tensors.Tensor {
						to, err := from.LocalClone()
						if err != nil {
							t.Fatal(err)
						}
						return to
					}
					own.Inputs = []*tensors.Tensor{clone(split.Inputs[0])}
					for task, labels := range split.Labels {
						own.Labels[task] = clone(labels)
					}
					own.Masks["amount"] = clone(split.Masks["amount"])
					h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: own}, mtl.FitOptions{
						Backend: backend, Store: store, Steps: 20, BatchSize: 8, Weighting: w, RecordEvery: 1, StepsPerCall: stepsPerCall,
						Log: slog.New(slog.DiscardHandler),
					})
					if err != nil {
						t.Fatal(err)
					}
					return store, h.Weight("amount").Values
				}
				one, weights := fit(1)
				many, weightsOfMany := fit(8)
				compare(t, "weights", weightsOfMany, weights)
				count := 0
				for v := range one.IterVariables() {
					if v.DType().IsFloat() {
						count++
						compare(t, v.Path(), values(t, many, v.Path()), values(t, one, v.Path()))
					}
				}
				if count < 15 || len(weights) != 20 {
					t.Errorf("%d variables and %d weights were compared", count, len(weights))
				}
			})
		}
	})
}
