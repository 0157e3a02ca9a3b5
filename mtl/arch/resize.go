package arch

import "github.com/gomlx/gomlx/core/graph"

// enlarge repeats each value of a map [batch, ..., channels] (nearest-neighbour interpolation) by the stride that made it of one of the size of like, and cuts
// off what exceeds that.
func enlarge(x, like *graph.Node) *graph.Node {
	size := like.Shape().Dimensions
	for axis := 1; axis < x.Rank()-1; axis++ {
		d := x.Shape().Dimensions
		stride := (size[axis] + d[axis] - 1) / d[axis]
		wide := append([]int{}, d...)
		wide[axis] *= stride
		split := append(append(append([]int{}, d[:axis+1]...), stride), d[axis+1:]...)
		x = graph.Reshape(graph.BroadcastToDims(graph.InsertAxes(x, axis+1), split...), wide...)
		if wide[axis] != size[axis] {
			x = graph.SliceAxis(x, axis, graph.AxisRange(0, size[axis]))
		}
	}
	return x
}
