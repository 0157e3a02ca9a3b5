package weighting

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// IMTL is impartial multi-task learning: the losses are scaled to e^{s_t}·L_t − s_t with a trainable s (IMTL-L), and the gradients of the scaled
// losses are combined by IMTLG (Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, algorithm 1). The weights are those of the
// unscaled gradients, w_t = e^{s_t}·α_t with Σα = 1. Each head gets the gradient of its own scaled loss, e^{s_t} times its own, which also
// trains s; s is one variable, [T], from 0, updated by the model's optimiser. A task without a label leaves s_t as it is.
type IMTL struct{}

// Heads implements mtl.HeadDefault.
func (IMTL) Heads() mtl.HeadGradients { return mtl.RawHeads }

// Weights implements mtl.Weighting.
func (IMTL) Weights(s *mtl.Step) *graph.Node {
	g, _ := gramian(s)
	logScale := mtl.TaskVariable(s.Scope.At("imtl").WithInitializer(initializer.Zero), "log_scale", s.Losses.Shape(), s.Names).NodeValue(s.Graph())
	active := graph.GreaterThan(s.Active, graph.ZerosLike(s.Active))
	losses := graph.StopGradient(graph.Where(active, s.Losses, graph.ZerosLike(s.Losses)))
	s.AddPenalty(graph.ReduceAllSum(graph.Mul(s.Active, graph.Sub(graph.Mul(graph.Exp(logScale), losses), logScale))))
	scale := graph.StopGradient(graph.Exp(logScale))
	s.ScaleHeads(scale)
	scale = graph.ConvertDType(scale, dtypes.Float64)
	return graph.Mul(scale, impartial(s, graph.Mul(g, between(scale, scale))))
}
