package transfer_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/transfer"
)

// A trunk that learnt one task, saved alone, is the start of another with few labels: first frozen, then held near where it began.
func Example() {
	ctx := context.Background()
	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "transfer")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "trunk.safetensors")
	old := model.NewStore()
	train := func(store *model.Store, m *mtl.Model, s *mtl.Split, o mtl.FitOptions) {
		o.Backend, o.Store, o.LearningRate, o.Log = b, store, 1e-2, quiet
		if _, err := mtl.Fit(ctx, m, mtl.Data{Train: s}, o); err != nil {
			log.Fatal(err)
		}
	}
	train(old, plain(product), only(points(400, 1), "product"), mtl.FitOptions{Steps: 500})
	if err := transfer.SaveTrunk(old, file); err != nil {
		log.Fatal(err)
	}

	store, few := model.NewStore(), only(points(40, 2), "sign") // another task, 40 examples
	if err := transfer.LoadTrunk(file, store); err != nil {
		log.Fatal(err)
	}
	mtl.Freeze(store, "shared")
	train(store, plain(sign), few, mtl.FitOptions{Steps: 200})
	mtl.Unfreeze(store, "shared")
	if err := transfer.Anchor(store); err != nil {
		log.Fatal(err)
	}
	train(store, plain(sign), few, mtl.FitOptions{Steps: 100, Optimizer: transfer.Anchored{Base: optimizer.Adam().Done(), Strength: 0.1}})
	e, err := mtl.Evaluate(ctx, b, store, plain(sign), only(points(300, 3), "sign"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("accuracy above 0.7:", e.Metric["sign"]["accuracy"] > 0.7)
	// Output: accuracy above 0.7: true
}
