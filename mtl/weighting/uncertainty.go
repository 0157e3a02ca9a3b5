package weighting

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
)

// Uncertainty weighs each task by the inverse of its learnt noise variance σ_t² = exp(s_t): the objective is
//
//	Σ_t  f_t·L_t / exp(s_t) + s_t / 2,  so that  w_t = f_t·exp(−s_t)
//
// with the factor f_t = 1/2 for squared errors and 1 for cross-entropies (Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for
// Scene Geometry and Semantics", CVPR 2018, equations 7 and 10), in the log-variance form that the paper recommends for training. LibMTL and
// TorchJD have 1/2 for all tasks, as the default here. The factor moves that task's optimal s_t by log 2 and leaves its weight there, 1/(2·L_t), as it
// is; it doubles the first weight. Σw is free.
//
// s is one trainable variable, [T], updated by the model's optimiser (weight decay and gradient clipping included). A task without
// a label in the batch contributes neither loss nor s_t/2, so s_t stays.
type Uncertainty struct {
	// InitialLogVariance is s_t before training. 0 weighs every loss by f_t at first; LibMTL has -0.5.
	InitialLogVariance float64
	// Classification names the tasks with the factor 1. A name that is no task's panics.
	Classification []string
}

// Weights implements mtl.Weighting.
func (u Uncertainty) Weights(s *mtl.Step) *graph.Node {
	factors := make([]float64, s.Tasks())
	for t := range factors {
		factors[t] = 0.5
	}
	for _, name := range u.Classification {
		t := slices.Index(s.Names, name)
		if t < 0 {
			exceptions.Panicf("mtl: weighting.Uncertainty.Classification has %q, which is no task of the model: the tasks are %q", name, s.Names)
		}
		factors[t] = 1
	}
	initial := tensors.FromScalar(u.InitialLogVariance)
	scope := s.Scope.At("uncertainty").WithInitializer(initializer.BroadcastTensorToShape(initial))
	variable := mtl.TaskVariable(scope, "log_variance", s.Losses.Shape(), s.Names)
	logVariance := variable.NodeValue(s.Graph())
	s.AddPenalty(graph.MulScalar(graph.ReduceAllSum(graph.Mul(s.Active, logVariance)), 0.5))
	return graph.Mul(graph.ConstAs(logVariance, factors), graph.Exp(graph.Neg(logVariance)))
}
