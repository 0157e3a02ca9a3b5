package transfer

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Declare gives the store the variables of a model, without values: Fit draws those that have none. Of inputs only the shapes count. With it a trunk
// is checked against the model when it is loaded, and Layers knows the layers of a model that was never trained.
func Declare(backend compute.Backend, store *model.Store, m *mtl.Model, inputs *mtl.Split) error {
	if inputs.Len() == 0 {
		return fmt.Errorf("transfer: Declare needs a split with at least one example, for the shapes of the inputs")
	}
	err := try(func() error {
		g := graph.NewGraph(backend, "declare")
		defer g.Finalize()
		model.SetStore(g, store)
		nodes := make([]*graph.Node, len(inputs.Inputs))
		for i, x := range inputs.Inputs {
			shape := x.Shape().Clone()
			shape.Dimensions[0] = 1
			nodes[i] = graph.Parameter(g, fmt.Sprintf("input_%d", i), shape)
		}
		m.Graph(store.RootScope(), nil, nodes)
		return nil
	})
	if err != nil {
		return fmt.Errorf("transfer: the model cannot be built: %w", err)
	}
	return nil
}
