package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// GLS is the geometric loss strategy: the objective is the geometric mean of the losses,
//
//	(Π_t L_t)^{1/T},  so that  w_t = (Π_i L_i)^{1/T} / (T·L_t)
//
// (Chennupati, Sistu, Yogamani and Rawashdeh, "MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss Strategy for Multi-Task Learning", CVPR workshops
// 2019). T counts the active tasks; Σ w_t·L_t is the objective. Multiplying a loss by a constant c scales the
// combined gradient by c^{1/T}, and no task gains by it. The weights are the true ∂/∂L_t; LibMTL's log shows L_t/(T·ΠL).
//
// A loss of 0 or less (1e-30, to be exact) has no logarithm: its task is left out of that step, as if it had no label.
type GLS struct{}

// Weights implements mtl.Weighting.
func (GLS) Weights(s *mtl.Step) *graph.Node {
	losses, active := positiveLosses(s, nil)
	logs := graph.Log(losses)
	weights := graph.Exp(graph.Sub(mean(active, logs), logs))
	return graph.StopGradient(only(active, graph.Div(weights, count(active))))
}
