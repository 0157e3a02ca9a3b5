package arch_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Half of those who see the first offer click, and half of these buy; a fifth of those who see the second one click, and all of these buy.
func ExampleESMM() {
	offers := map[string][]float32{"first": {1, 0}, "second": {0, 1}}
	var x [][]float32
	var click, buy []float32
	for _, row := range []struct {
		offer      string
		click, buy float32
		count      int
	}{{"first", 0, 0, 8}, {"first", 1, 0, 4}, {"first", 1, 1, 4}, {"second", 0, 0, 16}, {"second", 1, 1, 4}} {
		for range row.count {
			x, click, buy = append(x, offers[row.offer]), append(click, row.click), append(buy, row.buy)
		}
	}
	train := &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromValue(x)},
		Labels: map[string]*tensors.Tensor{"click": tensors.FromValue(click), "buy": tensors.FromValue(buy)}, // buy: clicked and bought
	}
	esmm := arch.ESMM{Arch: arch.Branched{Trunk: arch.Dense{Widths: []int{8}}, Own: arch.Dense{Widths: []int{8}}}}
	head := mtl.WithHead(arch.LogitHead{})
	m := &mtl.Model{Arch: esmm, Tasks: []mtl.Task{mtl.Binary("click", head), mtl.Binary("buy", head)}}

	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	ctx, store := context.Background(), model.NewStore()
	if _, err = mtl.Fit(ctx, m, mtl.Data{Train: train}, mtl.FitOptions{
		Backend: b, Store: store, Steps: 800, LearningRate: 0.03, Log: slog.New(slog.DiscardHandler)}); err != nil {
		log.Fatal(err)
	}
	// The rate of buyers among those who click, although each loss was on all rows.
	m.Arch = esmm.Conditional()
	logits, err := mtl.Predict(ctx, b, store, m, tensors.FromValue([][]float32{offers["first"], offers["second"]}))
	if err != nil {
		log.Fatal(err)
	}
	for t, task := range m.Tasks {
		z, err := tensors.CopyFlatData[float32](logits[t])
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-5s %.1f %.1f\n", task.Name, 1/(1+math.Exp(-float64(z[0]))), 1/(1+math.Exp(-float64(z[1]))))
	}
	// Output:
	// click 0.5 0.2
	// buy   0.5 1.0
}
