package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// stateOf is a variable of the method's own with an entry for each task: no optimiser trains it, checkpoints keep it.
func stateOf(s *mtl.Step, scope *model.Scope, name string, shape shapes.Shape, initial float64) *model.Variable {
	start := initializer.BroadcastTensorToShape(tensors.FromScalar(initial))
	return mtl.TaskVariable(scope.WithInitializer(start), name, shape, s.Names).SetTrainable(false)
}

// countStep returns the number of this step, from 1, as a float64 scalar.
func countStep(s *mtl.Step, scope *model.Scope) *graph.Node {
	v := scope.WithInitializer(initializer.Zero).VariableWithShape("steps", shapes.Make(dtypes.Int32)).SetTrainable(false)
	steps := graph.AddScalar(v.NodeValue(s.Graph()), 1)
	v.SetNodeValue(steps)
	return graph.ConvertDType(steps, dtypes.Float64)
}

// wide is x in float64, without a gradient.
func wide(x *graph.Node) *graph.Node {
	return graph.ConvertDType(graph.StopGradient(x), dtypes.Float64)
}

// isActive is s.Active as booleans. Ask for gradients first.
func isActive(s *mtl.Step) *graph.Node {
	return graph.GreaterThan(s.Active, graph.ZerosLike(s.Active))
}

// only is x, [T] or [T, d], where active, else 0.
func only(active, x *graph.Node) *graph.Node { return graph.Where(active, x, graph.ZerosLike(x)) }

// count is the number of active tasks, at least 1, as a float64 scalar.
func count(active *graph.Node) *graph.Node {
	return graph.MaxScalar(graph.ReduceAllSum(graph.ConvertDType(active, dtypes.Float64)), 1)
}

// mean is the mean of x, float64 [T], over active tasks, 0 where there is none.
func mean(active, x *graph.Node) *graph.Node {
	return graph.Div(graph.ReduceAllSum(only(active, x)), count(active))
}

// lengths are the norms of the task gradients, ‖g_t‖, as float64, [T].
func lengths(s *mtl.Step) *graph.Node { return graph.Sqrt(wide(diagonal(s.Gramian()))) }

// simplexOf is a state of task weights with the sum 1, uniform at first, in a step in which some tasks are not active: these are as if they did not exist.
type simplexOf struct {
	variable *model.Variable
	active   *graph.Node
	all      *graph.Node // [T], float64
	share    *graph.Node // the sum of the active tasks' weights
	weights  *graph.Node // [T], float64: 0 where not active, else with the sum 1
}

func simplexState(s *mtl.Step, scope *model.Scope, name string, active *graph.Node) simplexOf {
	x := simplexOf{variable: stateOf(s, scope, name, s.Losses.Shape(), 1/float64(s.Tasks())), active: active}
	x.all = wide(x.variable.NodeValue(s.Graph()))
	x.share = graph.ReduceAllSum(only(active, x.all))
	positive := graph.GreaterThan(x.share, graph.ZerosLike(x.share))
	uniform := graph.Div(graph.OnesLike(x.all), count(active))
	kept := graph.Div(x.all, graph.Where(positive, x.share, graph.OnesLike(x.share)))
	x.weights = only(active, graph.Where(positive, kept, uniform))
	return x
}

// keep makes weights, which have the sum 1 over active tasks, the next state; the other tasks keep their weights.
func (x simplexOf) keep(weights *graph.Node) {
	next := graph.Where(x.active, graph.Mul(weights, x.share), x.all)
	x.variable.SetNodeValue(graph.ConvertDType(next, x.variable.DType()))
}

// softmaxOver is the softmax over active tasks, 0 for the others.
func softmaxOver(active, logits *graph.Node) *graph.Node {
	// Without any active task the softmax over all stands in, so that nothing is divided by 0, not in a gradient either.
	some := graph.BroadcastToDims(graph.LogicalAny(active), active.Shape().Dimensions...)
	mask := graph.LogicalOr(active, graph.LogicalNot(some))
	return only(active, graph.MaskedSoftmax(logits, mask))
}
