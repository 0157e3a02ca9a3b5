package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// GradNorm learns weights that bring the norms of the weighted gradients to a common scale, larger for tasks that train more slowly. The weights
// are w = T·softmax(s); s minimises
//
//	Σ_t | w_t·‖g_t‖ − mean_i(w_i·‖g_i‖) · r_t^α |,  r_t = (L_t/L_t⁰) / mean_i(L_i/L_i⁰)
//
// with the second term held constant (Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm: Gradient Normalization for Adaptive Loss Balancing
// in Deep Multitask Networks", ICML 2018, equation 2 and algorithm 1). L_t⁰ is the task's first loss above 0; until then its L_t/L_t⁰ counts as
// 1. s is one trainable variable, [T], updated by the model's optimiser (weight decay and gradient clipping included). Σw = T, over tasks that are active.
//
// The paper takes g_t on the last shared layer: Gradients with Target LastSharedLayer does. It updates w itself and then
// scales it to Σw = T; the softmax does so by construction, as LibMTL's does. LibMTL takes L⁰ from the mean of epoch 0, in which
// it does not weigh, and leaves the heads unweighted.
type GradNorm struct {
	// Alpha is α, the strength that pulls slow tasks back. 0 means the paper's 1.5 (NYUv2); the hyper-parameter "gradnorm/alpha" also takes a true 0.
	Alpha float64
}

// Weights implements mtl.Weighting.
func (m GradNorm) Weights(s *mtl.Step) *graph.Node {
	g, scope := s.Graph(), s.Scope.At("gradnorm")
	alpha := number(s, "gradnorm/alpha", "GradNorm.Alpha", m.Alpha, 1.5, maximum)
	norms := lengths(s)
	active := isActive(s)

	scale := mtl.TaskVariable(scope.WithInitializer(initializer.Zero), "scale", s.Losses.Shape(), s.Names).NodeValue(g)
	weights := graph.Mul(softmaxOver(active, graph.ConvertDType(scale, norms.DType())), count(active))
	weighted := graph.Mul(weights, norms)
	target := graph.Mul(mean(active, weighted), graph.Pow(m.rates(s, active), alpha))
	off := graph.Abs(graph.Sub(weighted, graph.StopGradient(target)))
	s.AddPenalty(graph.ConvertDType(graph.ReduceAllSum(only(active, off)), s.Losses.DType()))
	return graph.StopGradient(weights)
}

// rates are the r_t, float64.
func (m GradNorm) rates(s *mtl.Step, active *graph.Node) *graph.Node {
	firstVar := stateOf(s, s.Scope.At("gradnorm"), "first_losses", s.Losses.Shape(), 0)
	first := firstVar.NodeValue(s.Graph())
	zero := graph.ZerosLike(first)
	first = graph.Where(graph.LogicalAnd(active, graph.Equal(first, zero)), graph.Max(graph.StopGradient(s.Losses), zero), first)
	firstVar.SetNodeValue(first)

	known := graph.GreaterThan(first, zero)
	start := wide(graph.Where(known, first, graph.OnesLike(first)))
	losses := graph.MaxScalar(wide(only(active, s.Losses)), 0)
	ratio := graph.Where(known, graph.Div(losses, start), graph.OnesLike(losses))
	common := mean(active, ratio)
	positive := graph.GreaterThan(common, graph.ZerosLike(common))
	return graph.Where(graph.BroadcastToDims(positive, s.Tasks()),
		graph.Div(ratio, graph.Where(positive, common, graph.OnesLike(common))), graph.OnesLike(ratio))
}
