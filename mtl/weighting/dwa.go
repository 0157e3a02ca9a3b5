package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// DWA is dynamic weight average: a task whose loss falls more slowly than the others' gets more weight. In window e
//
//	w_t = T · softmax_t( r_t / τ ),  r_t = L̄_t(e-1) / L̄_t(e-2)
//
// with L̄_t(e) the mean of task t's loss over the steps of window e; the first two windows weigh every task by 1 (Liu, Johns and Davison,
// "End-to-End Multi-Task Learning with Attention", CVPR 2019, equation 7). Σw = T, the number of active tasks. The mean is over the steps in
// which the task had a label; a task without any in a window keeps its previous mean, and r_t is 1 where L̄_t(e-2) is 0 or not known yet.
type DWA struct {
	// Temperature is τ: the larger, the more equal the weights. 0 means the paper's 2.
	Temperature float64
	// Window is the number of steps in a window. 0 means an epoch, as in the paper, or 25 where the data has no epochs.
	Window int
}

// Weights implements mtl.Weighting.
func (d DWA) Weights(s *mtl.Step) *graph.Node {
	g, scope, shape := s.Graph(), s.Scope.At("dwa"), s.Losses.Shape()
	losses, active := lossesOf(s)
	temperature := number(s, "dwa/temperature", "DWA.Temperature", d.Temperature, 2, maximum)
	stepsVar := scope.WithInitializer(initializer.Zero).VariableWithShape("steps", shapes.Make(dtypes.Int32)).SetTrainable(false)
	sumVar, countVar := stateOf(s, scope, "sum", shape, 0), stateOf(s, scope, "count", shape, 0)
	lastVar, beforeVar := stateOf(s, scope, "last_mean", shape, 0), stateOf(s, scope, "mean_before", shape, 0)
	steps, last, before := stepsVar.NodeValue(g), wide(lastVar.NodeValue(g)), wide(beforeVar.NodeValue(g))

	// The weights follow from the two windows that are over.
	one, zero := graph.OnesLike(last), graph.ZerosLike(last)
	known := graph.NotEqual(before, zero)
	rates := graph.Where(known, graph.Div(last, graph.Where(known, before, one)), one)
	balanced := graph.Mul(softmaxOver(active, graph.Div(rates, temperature)), count(active))
	window := stepsIn(s, "DWA.Window", d.Window)
	started := graph.GreaterOrEqual(steps, graph.Const(g, int32(2*window)))
	weights := graph.Where(started, balanced, one)

	// This step's losses go to the current window; its last step closes it.
	sum := graph.Add(wide(sumVar.NodeValue(g)), losses)
	labelled := graph.Add(wide(countVar.NodeValue(g)), wide(s.Active))
	steps = graph.AddScalar(steps, 1)
	closes := graph.Equal(graph.ModScalar(steps, window), graph.ScalarZero(g, dtypes.Int32))
	mean := graph.Where(above(labelled, 0), ratio(sum, labelled), last)
	set := func(v *model.Variable, value *graph.Node) { v.SetNodeValue(graph.ConvertDType(value, v.DType())) }
	set(beforeVar, graph.Where(closes, last, before))
	set(lastVar, graph.Where(closes, mean, last))
	set(sumVar, graph.Where(closes, zero, sum))
	set(countVar, graph.Where(closes, zero, labelled))
	stepsVar.SetNodeValue(steps)
	return graph.StopGradient(weights)
}
