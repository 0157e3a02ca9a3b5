package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// Uncertainty weighs each task by the inverse of its learnt noise variance σ_t² = exp(s_t): the objective is
//
//	Σ_t  L_t / (2·exp(s_t)) + s_t / 2
//
// after Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics", CVPR 2018,
// equation 7, in the log-variance form that the paper recommends for training. The factor 1/2 stands before every loss; the paper leaves it
// out for classification losses, which moves that task's optimal s_t by log 2 and leaves its weight there, 1/(2·L_t), as it is. s is one trainable variable, [T], updated by the model's optimiser (weight decay and gradient clipping included). A task without
// a label in the batch contributes neither loss nor s_t/2, so s_t stays.
type Uncertainty struct {
	// InitialLogVariance is s_t before training. 0 weighs every loss by 1/2 at first.
	InitialLogVariance float64
}

// Weights implements mtl.Weighting.
func (u Uncertainty) Weights(s *mtl.Step) *graph.Node {
	initial := tensors.FromScalar(u.InitialLogVariance)
	variable := s.Scope.At("uncertainty").WithInitializer(initializer.BroadcastTensorToShape(initial)).
		VariableWithShape("log_variance", s.Losses.Shape())
	logVariance := variable.NodeValue(s.Graph())
	s.AddPenalty(graph.MulScalar(graph.ReduceAllSum(graph.Mul(s.Active, logVariance)), 0.5))
	return graph.MulScalar(graph.Exp(graph.Neg(logVariance)), 0.5)
}
