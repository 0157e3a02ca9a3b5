package weighting

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// turns tells when task i meets task j, from 0 to T-2, [T, T] in float64; the diagonal comes last. A nil order means random ones.
func turns(s *mtl.Step, method string, order [][]int) *graph.Node {
	g, tasks := s.Graph(), s.Tasks()
	if order == nil {
		// In a random order of T numbers, the others' positions are 0 to T-2 once the own number is the largest.
		draws := s.Scope.RandomUniform(g, shapes.Make(dtypes.Float32, tasks, tasks))
		return positions(graph.Where(graph.Diagonal(g, tasks), graph.MulScalar(graph.OnesLike(draws), 2), draws))
	}
	if len(order) != tasks {
		exceptions.Panicf("mtl: weighting.%s has an Order of %d rows for the tasks %q; wanted one a task", method, len(order), s.Names)
	}
	when := make([][]float64, tasks)
	for i, others := range order {
		others = slices.DeleteFunc(slices.Clone(others), func(j int) bool { return j == i })
		when[i] = make([]float64, tasks)
		when[i][i] = float64(tasks - 1)
		for turn, j := range others {
			if j < 0 || j >= tasks || slices.Contains(others[:turn], j) {
				exceptions.Panicf("mtl: weighting.%s has the Order %v for task %q; wanted each other task's number, 0 to %d, once", method, order[i], s.Names[i], tasks-1)
			}
			when[i][j] = float64(turn)
		}
		if len(others) != tasks-1 {
			exceptions.Panicf("mtl: weighting.%s has the Order %v for task %q; wanted each other task's number, 0 to %d, once", method, order[i], s.Names[i], tasks-1)
		}
	}
	return graph.Const(g, when)
}

// unit is the unit matrix, [T, T] in float64.
func unit(s *mtl.Step) *graph.Node {
	return graph.ConvertDType(graph.Diagonal(s.Graph(), s.Tasks()), dtypes.Float64)
}
