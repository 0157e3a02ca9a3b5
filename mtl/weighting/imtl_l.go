package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// IMTLL is the loss balance of impartial multi-task learning: a learnt scale brings each loss to 1. The objective is
//
//	Σ_t  exp(s_t)·L_t − s_t,  so that  w_t = exp(s_t), which for a constant loss goes to 1/L_t
//
// (Liu et al., "Towards Impartial Multi-Task Learning", ICLR 2021, section 3.2). s starts at 0, all weights at 1; it is one trainable variable, [T],
// updated by the model's optimiser (weight decay and gradient clipping included). It is twice Uncertainty with −s_t for the log variance:
// the same optima, reached with twice the gradient. A task without a label in the batch contributes nothing, so its s_t stays. IMTL joins this with IMTLG.
type IMTLL struct{}

// Weights implements mtl.Weighting.
func (IMTLL) Weights(s *mtl.Step) *graph.Node {
	variable := mtl.TaskVariable(s.Scope.At("imtl_l").WithInitializer(initializer.Zero), "log_scale", s.Losses.Shape(), s.Names)
	logScale := variable.NodeValue(s.Graph())
	s.AddPenalty(graph.Neg(graph.ReduceAllSum(graph.Mul(s.Active, logScale))))
	return graph.Exp(logScale)
}
