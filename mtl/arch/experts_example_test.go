package arch_test

import (
	"fmt"
	"log"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Four experts of two dense layers on the features of pictures: which variables are shared, and which belong to a task.
func ExampleMMoE() {
	m := &mtl.Model{
		Arch: arch.MMoE{
			Bottom:  arch.Conv{Stages: []arch.Stage{{Channels: 8, Stride: 2}}},
			Expert:  arch.Dense{Widths: []int{32, 16}},
			Experts: 4,
		},
		Tasks: []mtl.Task{mtl.Classification("digit", 10), mtl.Regression("ink", 1)},
	}

	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	g := graph.NewGraph(b, "example")
	pictures := graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, 64, 14, 14, 1))
	store := model.NewStore()
	m.Graph(store.RootScope(), nil, []*graph.Node{pictures})
	var lines []string
	for v := range store.IterVariables() {
		lines = append(lines, fmt.Sprint(v.Path(), " ", v.Shape().Dimensions))
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	// Output:
	// /shared/bottom/stage_0/block_0/conv/biases [8]
	// /shared/bottom/stage_0/block_0/conv/weights [3 3 1 8]
	// /shared/experts/layer_0/dense/biases [4 32]
	// /shared/experts/layer_0/dense/weights [4 392 32]
	// /shared/experts/layer_1/dense/biases [4 16]
	// /shared/experts/layer_1/dense/weights [4 32 16]
	// /task/digit/gate/dense/weights [8 4]
	// /task/digit/head/output/dense/biases [10]
	// /task/digit/head/output/dense/weights [16 10]
	// /task/ink/gate/dense/weights [8 4]
	// /task/ink/head/output/dense/biases [1]
	// /task/ink/head/output/dense/weights [16 1]
}
