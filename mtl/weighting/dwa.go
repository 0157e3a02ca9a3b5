package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// defaultWindow is used where the data has no epochs.
const defaultWindow = 25

// DWA is dynamic weight average: a task whose loss falls more slowly than the others' gets more weight. In window e
//
//	w_t = T · softmax_t( r_t / τ ),  r_t = L̄_t(e-1) / L̄_t(e-2)
//
// with L̄_t(e) the mean of task t's loss over the steps of window e; the first two windows weigh every task by 1 (Liu, Johns and Davison,
// "End-to-End Multi-Task Learning with Attention", CVPR 2019, equation 7). The mean is over the steps in which the task had a label; a
// task without any in a window keeps its previous mean, and r_t is 1 where L̄_t(e-2) is 0 or not known yet.
type DWA struct {
	// Temperature is τ: the larger, the more equal the weights. 0 means the paper's 2.
	Temperature float64
	// Window is the number of steps in a window. 0 means an epoch, as in the paper, or 25 where the data has no epochs.
	Window int
}

// Weights implements mtl.Weighting.
func (d DWA) Weights(s *mtl.Step) *graph.Node {
	g, scope := s.Graph(), s.Scope.At("dwa").WithInitializer(initializer.Zero)
	state := func(name string) *model.Variable {
		return scope.VariableWithShape(name, s.Losses.Shape()).SetTrainable(false)
	}
	stepsVar := scope.VariableWithShape("steps", shapes.Make(dtypes.Int32)).SetTrainable(false)
	sumVar, countVar := state("sum"), state("count")
	lastVar, beforeVar := state("last_mean"), state("mean_before")
	steps, last, before := stepsVar.NodeValue(g), lastVar.NodeValue(g), beforeVar.NodeValue(g)

	// The weights follow from the two windows that are over.
	one := graph.OnesLike(last)
	zero := graph.ZerosLike(last)
	known := graph.NotEqual(before, zero)
	ratio := graph.Where(known, graph.Div(last, graph.Where(known, before, one)), one)
	balanced := graph.MulScalar(graph.Softmax(graph.DivScalar(ratio, d.temperature())), float64(s.Tasks()))
	window := d.window(s)
	started := graph.GreaterOrEqual(steps, graph.Const(g, int32(2*window)))
	weights := graph.Where(started, balanced, one)

	// This step's losses go to the current window; its last step closes it.
	sum := graph.Add(sumVar.NodeValue(g), graph.StopGradient(graph.Mul(s.Losses, s.Active)))
	count := graph.Add(countVar.NodeValue(g), s.Active)
	steps = graph.AddScalar(steps, 1)
	closes := graph.Equal(graph.ModScalar(steps, window), graph.ScalarZero(g, dtypes.Int32))
	labelled := graph.GreaterThan(count, zero)
	mean := graph.Where(labelled, graph.Div(sum, graph.Where(labelled, count, one)), last)
	beforeVar.SetNodeValue(graph.Where(closes, last, before))
	lastVar.SetNodeValue(graph.Where(closes, mean, last))
	sumVar.SetNodeValue(graph.Where(closes, zero, sum))
	countVar.SetNodeValue(graph.Where(closes, zero, count))
	stepsVar.SetNodeValue(steps)
	return weights
}

func (d DWA) temperature() float64 {
	switch {
	case d.Temperature == 0:
		return 2
	case !(d.Temperature > 0):
		exceptions.Panicf("mtl: weighting.DWA has the temperature %v; wanted a positive number, or 0 for the paper's 2", d.Temperature)
	}
	return d.Temperature
}

func (d DWA) window(s *mtl.Step) int {
	switch {
	case d.Window > 0:
		return d.Window
	case s.StepsPerEpoch > 0:
		return s.StepsPerEpoch
	}
	return defaultWindow
}
