package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// adam returns what Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1, with its defaults) subtracts from a
// method's own vector, for a gradient [T] in float64. Its moments are kept next to that. Where not moves nothing changes: the result is 0.
func adam(s *mtl.Step, like *model.Variable, gradient, rate, moves *graph.Node) *graph.Node {
	g, scope := gradient.Graph(), s.Scope.Store().Scope(like.Scope())
	next := func(name string, update func(old *graph.Node) *graph.Node) *graph.Node {
		v := stateOf(s, scope, name, like.Shape(), 0)
		old := wide(v.NodeValue(g))
		value := graph.Where(moves, update(old), old)
		v.SetNodeValue(graph.ConvertDType(value, like.DType()))
		return value
	}
	average := func(beta float64, x *graph.Node) func(old *graph.Node) *graph.Node {
		return func(old *graph.Node) *graph.Node {
			return graph.Add(graph.MulScalar(old, beta), graph.MulScalar(x, 1-beta))
		}
	}
	const beta1, beta2 = 0.9, 0.999
	steps := next("adam_steps", func(old *graph.Node) *graph.Node { return graph.OnePlus(old) })
	first := next("adam_first", average(beta1, gradient))
	second := next("adam_second", average(beta2, graph.Square(gradient)))
	steps = graph.MaxScalar(steps, 1)
	correct := func(x *graph.Node, beta float64) *graph.Node {
		return graph.Div(x, graph.OneMinus(graph.Pow(graph.MulScalar(graph.OnesLike(steps), beta), steps)))
	}
	size := graph.AddScalar(graph.Sqrt(correct(second, beta2)), 1e-8)
	return only(moves, graph.Mul(rate, graph.Div(correct(first, beta1), size)))
}
