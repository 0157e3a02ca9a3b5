package arch_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Each task's features are those of the architecture on the task's own row.
func TestOwnInputs(t *testing.T) {
	tasks := []mtl.Task{mtl.Regression("c", 1), mtl.Regression("a", 1)}
	rows := []string{"a", "b", "c"}
	inner := arch.Branched{Trunk: arch.Dense{Widths: []int{4}}, Own: arch.Dense{Widths: []int{2}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		store := seeded(1)
		x := wave(5, 3, 6)
		outputs, err := execute(backend, store, []*tensors.Tensor{x}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			own := arch.OwnInputs{Arch: inner, Rows: rows}.Features(scope, nodes, tasks)
			for i, row := range []int{2, 0} {
				part := graph.Reshape(graph.SliceAxis(nodes[0], 1, graph.AxisElem(row)), 5, 6)
				own = append(own, inner.Features(scope.ResetVisited(), []*graph.Node{part}, tasks)[i])
			}
			return own
		})
		check(t, err)
		for i, name := range []string{"c", "a"} {
			near(t, name, numbers(t, outputs[i]), numbers(t, outputs[i+2]))
		}
	})
}
