package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// defaultWindow is an epoch's number of steps where the data has no epochs.
const defaultWindow = 25

// leastLoss is what a loss must exceed where its logarithm is taken.
const leastLoss = 1e-30

// lossesOf returns the losses, [T] in float64, 0 where not active, and which tasks are active. They carry no gradient, as the weights
// must not: those that depend on the losses would add terms of their own to the gradient of Σ w_t·L_t. A task whose loss is not finite is not
// active from here on.
func lossesOf(s *mtl.Step) (losses, active *graph.Node) {
	losses = wide(s.Losses)
	active = leaveOut(s, graph.IsFinite(losses))
	return only(active, losses), active
}

// positiveLosses is lossesOf, plus offset unless that is nil, for methods that take a logarithm: a task whose sum is not above leastLoss is
// not active from here on, and 1 stands for it.
func positiveLosses(s *mtl.Step, offset *graph.Node) (losses, active *graph.Node) {
	losses, _ = lossesOf(s)
	if offset != nil {
		losses = graph.Add(losses, offset)
	}
	active = leaveOut(s, above(losses, leastLoss))
	return graph.Where(active, losses, graph.OnesLike(losses)), active
}

// leaveOut keeps those active tasks that are usable.
func leaveOut(s *mtl.Step, usable *graph.Node) (active *graph.Node) {
	active = graph.LogicalAnd(isActive(s), usable)
	s.Active = graph.ConvertDType(active, s.Active.DType())
	return active
}

// lowerBounds is a method's field with a bound for each task, [T] in float64, an input of the program under path. nil means 0 for all.
func lowerBounds(s *mtl.Step, path, field string, values []float64) *graph.Node {
	if values == nil {
		values = make([]float64, s.Tasks())
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if len(values) != s.Tasks() || sum-sum != 0 {
		exceptions.Panicf("mtl: weighting.%s is %v for the tasks %q; wanted a finite number for each", field, values, s.Names)
	}
	return wide(s.Parameters(path, values))
}

// preferenceOrDraw is preference with the sum 1 by default, or one drawn uniformly from the simplex of the active tasks.
func preferenceOrDraw(s *mtl.Step, path, method string, values []float64, draw bool) *graph.Node {
	if !draw {
		return preference(s, path, method, values, 1)
	}
	if values != nil {
		exceptions.Panicf("mtl: weighting.%s has both the Preference %v and Resample; wanted one of the two", method, values)
	}
	// Exponential variables over their sum are uniform on the simplex. 1-u is never 0.
	u := s.Scope.RandomUniform(s.Graph(), shapes.Make(dtypes.Float64, s.Tasks()))
	e := only(isActive(s), graph.Neg(graph.Log1p(graph.Neg(u))))
	return ratio(e, graph.ReduceAllSum(e))
}

// unitOf returns v/‖v‖ and ‖v‖, [T] and a scalar, without an overflow of the squares; 0/0 is 0.
func unitOf(v *graph.Node) (unit, norm *graph.Node) {
	largest := graph.ReduceAllMax(graph.Abs(v))
	scaled := ratio(v, largest)
	length := graph.Sqrt(graph.ReduceAllSum(graph.Square(scaled)))
	return ratio(scaled, length), graph.Mul(largest, length)
}

// stepsIn is the number of steps in a window of a method: its own number, or else an epoch, or else defaultWindow where the data has no epochs.
func stepsIn(s *mtl.Step, field string, window int) int {
	switch {
	case window < 0:
		exceptions.Panicf("mtl: weighting.%s is %d; wanted a number of steps, or 0 for an epoch", field, window)
	case window > 0:
		return window
	case s.StepsPerEpoch > 0:
		return s.StepsPerEpoch
	}
	return defaultWindow
}
