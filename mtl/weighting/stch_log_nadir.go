package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// STCHLogNadir is smooth Tchebycheff scalarisation as its authors train multi-task networks: on logarithms of the losses relative to a nadir point
// measured in training. The objective is
//
//	Σ_t log L_t                                    in epochs 0 to WarmUp,      w_t = 1/L_t
//	T·μ·log Σ_t exp(ℓ_t/μ),  ℓ_t = log(L_t/n_t)    after that,                 w_t = T·softmax_t(ℓ/μ)/L_t
//
// with the nadir n_t the mean of task t's loss over the steps of epoch WarmUp (Lin et al., "Smooth Tchebycheff Scalarization for Multi-Objective
// Optimization", ICML 2024, and the authors' code, which LibMTL carries). With μ = 1 the second objective is T·log Σ_t L_t/n_t. LibMTL adds
// 1e-20 to what it takes a logarithm of and logs weights of 1.
//
// T counts the active tasks. A task without a label in the whole of epoch WarmUp takes its first loss after that for its nadir. A loss
// of 0 or less (1e-30, to be exact) has no logarithm: its task is left out of that step, as if it had no label.
type STCHLogNadir struct {
	// Mu is μ: the smaller, the more the task that is worst next to its nadir counts alone. 0 means 1.
	Mu float64
	// WarmUp is the number of epochs before the one that measures the nadir. 0 means 4.
	WarmUp int
	// Window is the number of steps in an epoch. 0 means the data's, or 25 where the data has no epochs.
	Window int
}

// Weights implements mtl.Weighting.
func (m STCHLogNadir) Weights(s *mtl.Step) *graph.Node {
	g, scope := s.Graph(), s.Scope.At("stch_log_nadir")
	losses, active := positiveLosses(s, nil)
	mu := number(s, "stch_log_nadir/mu", "STCHLogNadir.Mu", m.Mu, 1, maximum)
	warmUp, window := m.WarmUp, stepsIn(s, "STCHLogNadir.Window", m.Window)
	switch {
	case warmUp < 0:
		exceptions.Panicf("mtl: weighting.STCHLogNadir.WarmUp is %d; wanted a number of epochs, or 0 for 4", warmUp)
	case warmUp == 0:
		warmUp = 4
	}

	stepsVar := scope.WithInitializer(initializer.Zero).VariableWithShape("steps", shapes.Make(dtypes.Int32)).SetTrainable(false)
	sumVar, countVar := stateOf(s, scope, "nadir_sum", s.Losses.Shape(), 0), stateOf(s, scope, "nadir_count", s.Losses.Shape(), 0)
	steps, sum, labelled := stepsVar.NodeValue(g), wide(sumVar.NodeValue(g)), wide(countVar.NodeValue(g))
	step := func(n int) *graph.Node { return graph.Const(g, int32(n)) }
	measuring := graph.LogicalAnd(graph.GreaterOrEqual(steps, step(warmUp*window)), graph.LessThan(steps, step((warmUp+1)*window)))
	started := graph.GreaterOrEqual(steps, step((warmUp+1)*window))
	unknown := graph.Equal(labelled, graph.ZerosLike(labelled))
	every := func(condition *graph.Node) *graph.Node { return graph.BroadcastToDims(condition, s.Tasks()) }
	counts := graph.LogicalAnd(active, graph.LogicalOr(every(measuring), graph.LogicalAnd(every(started), unknown)))
	sum = graph.Add(sum, only(counts, losses))
	labelled = graph.Add(labelled, graph.ConvertDType(counts, dtypes.Float64))
	stepsVar.SetNodeValue(graph.AddScalar(steps, 1))
	sumVar.SetNodeValue(graph.ConvertDType(sum, sumVar.DType()))
	countVar.SetNodeValue(graph.ConvertDType(labelled, countVar.DType()))

	logs := graph.Log(graph.Div(losses, nadirOf(sum, labelled)))
	smooth := graph.Mul(softmaxOver(active, graph.Div(logs, mu)), count(active))
	return graph.StopGradient(only(active, graph.Div(graph.Where(every(started), smooth, graph.OnesLike(smooth)), losses)))
}

// nadirOf is sum/count, 1 where that is not known.
func nadirOf(sum, count *graph.Node) *graph.Node {
	mean := ratio(sum, count)
	return graph.Where(above(mean, 0), mean, graph.OnesLike(mean))
}
