package weighting

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomtl/gomtl/mtl"
)

// FAMO is fast adaptive multitask optimisation: it looks for equal relative progress of all tasks from the losses alone. With logits ξ,
//
//	z = softmax(ξ),  D_t = L_t − b_t + 1e-8,  w_t = (z_t/D_t) / Σ_i z_i/D_i
//
// and after the update of the parameters, from the losses L' of the same batch,
//
//	δ_t = log D_t − log D'_t,  ξ ← ξ − Adam(∂z/∂ξᵀ·δ + γ·ξ)
//
// (Liu, Feng, Stone and Liu, "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023, algorithm 1): a task that fell more than the others gets less
// weight. Σw = 1. It costs one forward pass more. γ·ξ goes through Adam, as in the authors' code, whose Adam has PyTorch's weight_decay.
//
// D is at least 1e-8, so a loss at its bound takes nearly all of the weight and nothing overflows; a loss that can fall below 0 needs a bound in
// MinLosses. The ξ_t and moments of a task without a label in the batch, or whose loss is not finite after the update, stay.
// The second forward pass draws dropout anew; unlike LibMTL's, it leaves batch normalisation's averages alone.
type FAMO struct {
	// LearningRate is Adam's for ξ. 0 means 0.025. It is apart from the model's own, and from its schedule.
	LearningRate float64
	// Decay is γ. 0 means 0.001; for none, set the hyper-parameter "famo/decay" to 0.
	Decay float64
	// MinLosses is b, a lower bound of each loss. nil means 0.
	MinLosses []float64
}

// Weights implements mtl.Weighting.
func (f FAMO) Weights(s *mtl.Step) *graph.Node {
	scope := s.Scope.At("famo")
	rate := number(s, "famo/learning_rate", "FAMO.LearningRate", f.LearningRate, 0.025, maximum)
	decay := number(s, "famo/decay", "FAMO.Decay", f.Decay, 1e-3, maximum)
	bounds := lowerBounds(s, "famo/min_losses", "FAMO.MinLosses", f.MinLosses)
	distance := func(losses *graph.Node) *graph.Node {
		return graph.AddScalar(graph.MaxScalar(graph.Sub(losses, bounds), 0), 1e-8)
	}
	losses, active := lossesOf(s)
	logitsVar := stateOf(s, scope, "logits", s.Losses.Shape(), 0)
	logits, before := wide(logitsVar.NodeValue(s.Graph())), distance(losses)

	s.AfterUpdate(func(after *mtl.Step) {
		losses, measured := lossesOf(after)
		moves := graph.LogicalAnd(active, measured)
		delta := only(moves, graph.Sub(graph.Log(before), graph.Log(distance(losses))))
		z := softmaxOver(moves, logits)
		gradient := graph.Mul(z, graph.Sub(delta, graph.ReduceAllSum(graph.Mul(z, delta))))
		change := adam(s, logitsVar, graph.Add(gradient, graph.Mul(decay, logits)), rate, moves)
		logitsVar.SetNodeValue(graph.ConvertDType(graph.Sub(logits, change), logitsVar.DType()))
	})
	weights := graph.Div(softmaxOver(active, logits), before)
	return graph.StopGradient(ratio(weights, graph.ReduceAllSum(weights)))
}
