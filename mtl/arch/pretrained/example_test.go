package pretrained_test

import (
	"fmt"
	"log"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/arch/pretrained"
)

// A frozen BERT with a low-rank change of its own for each task. The file here holds a small network of random weights; that of BERT-base is read the same way.
func Example() {
	trunk := pretrained.BERT{Vocabulary: 11, Positions: 8, Layers: 2, Width: 6, Heads: 2, Hidden: 10, Pool: arch.PoolFirst}
	f, err := pretrained.Open("testdata/bert.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	store := model.NewStore()
	if err := trunk.Load(store, mtl.SharedScope, f); err != nil {
		log.Fatal(err)
	}
	mtl.Freeze(store, mtl.SharedScope)

	// To train: mtl.Fit(ctx, m, data, mtl.FitOptions{Backend: b, Store: store, Steps: 1000}).
	m := &mtl.Model{
		Arch:  arch.LoRA{Trunk: trunk, Rank: 4},
		Tasks: []mtl.Task{mtl.Classification("topic", 5), mtl.Binary("polite")},
	}
	fmt.Println(len(m.Tasks), "tasks on", store.NumParameters(), "numbers")
	// Output: 2 tasks on 794 numbers
}
