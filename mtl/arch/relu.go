package arch

import "github.com/gomlx/gomlx/core/graph"

// ReLU is max(x, 0), with derivative 0 at 0, the default activation of the trunks. GoMLX's own goes through a maximum, whose derivative by signs costs more
// than a selection. Not-a-numbers stay.
func ReLU(x *graph.Node) *graph.Node {
	zero := graph.ZerosLike(x)
	return graph.Where(graph.LessOrEqual(x, zero), zero, x)
}
