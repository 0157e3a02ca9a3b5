package arch_test

import (
	"fmt"
	"log"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// A convolutional trunk shared by a task per picture and a task per pixel.
func Example() {
	m := &mtl.Model{
		Arch: arch.HardSharing{Trunk: arch.Conv{
			Stages:        []arch.Stage{{Channels: 16}, {Channels: 32, Stride: 2, Depth: 2}},
			Normalization: arch.BatchNorm,
			Activation:    activation.Gelu,
			Dropout:       0.1,
		}},
		Tasks: []mtl.Task{
			mtl.Classification("digit", 10, mtl.WithHead(mtl.DenseHead{Outputs: 10, Pool: mtl.SpatialMean})),
			mtl.Segmentation("owner", 4, mtl.WithHead(mtl.PixelHead{Outputs: 4, Upsample: 2})),
		},
	}

	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	g := graph.NewGraph(b, "example")
	pictures := graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, 64, 16, 24, 1))
	for i, prediction := range m.Graph(model.NewStore().RootScope(), nil, []*graph.Node{pictures}) {
		fmt.Println(m.Tasks[i].Name, prediction.Shape().Dimensions)
	}
	// Output:
	// digit [64 10]
	// owner [64 16 24 4]
}

// Token ids, two tasks with a prediction a text and one with a prediction a token.
func ExampleText() {
	trunk := arch.Text{
		Embedding: arch.Embedding{Vocabulary: 1000, Width: 32},
		Layers:    []arch.Trunk{arch.Transformer{Layers: 2}},
	}
	m := &mtl.Model{
		Arch: arch.LoRA{Trunk: trunk, Rank: 4},
		Tasks: []mtl.Task{
			mtl.Classification("topic", 5, mtl.WithHead(mtl.DenseHead{Outputs: 5, Pool: mtl.SpatialMean})),
			mtl.Binary("polite"),
			mtl.Classification("tag", 9, mtl.WithHead(perToken(9))),
		},
	}
	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	g := graph.NewGraph(b, "example")
	ids := graph.Parameter(g, "ids", shapes.Make(dtypes.Int32, 64, 20))
	for i, prediction := range m.Graph(model.NewStore().RootScope(), nil, []*graph.Node{ids}) {
		fmt.Println(m.Tasks[i].Name, prediction.Shape().Dimensions)
	}
	// Output:
	// topic [64 5]
	// polite [64]
	// tag [64 20 9]
}

// perToken is a head of one's own: a dense layer on each position.
type perToken int

func (outputs perToken) Predict(scope *model.Scope, features *graph.Node) *graph.Node {
	return layers.DenseWithBias(scope, features, int(outputs))
}
