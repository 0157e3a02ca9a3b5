package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/mtl"
)

// Calibrated adds to an architecture for binary tasks of which each can only happen after the one before that a later one should not be the more
// probable: the objective gets
//
//	Amount · Σ_{t>1} mean(max(σ(z_t) - σ(z_{t-1}), 0))
//
// over the batch, the behavioural expectation calibrator of AITM (Xi et al., KDD 2021). Unlike ESMM it leaves the probabilities free otherwise. Its
// tasks are mtl.Binary with arch.LogitHead as their head; variables are those of Arch and "task/NAME/logit".
type Calibrated struct {
	// Arch is usually an AITM.
	Arch mtl.Architecture
	// Amount 0 means the authors' 0.6. It is the hyper-parameter "shared/calibrator", which can be changed without a compilation.
	Amount float64
}

// Features implements mtl.Architecture.
func (a Calibrated) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Amount == 0 {
		a.Amount = 0.6
	}
	if !(a.Amount > 0) {
		panicf("arch.Calibrated has Amount %v; wanted a positive number, or 0 for the standard one", a.Amount)
	}
	mtl.KeepOrder(scope.At(mtl.SharedScope), namesOf(tasks))
	logits := logitsOf("arch.Calibrated", a.Arch, scope, inputs, tasks)
	if g := logits[0].Graph(); scope.IsTraining(g) {
		amount := mtl.LayerParameter(scope.At(mtl.SharedScope), g, logits[0].DType(), "calibrator", a.Amount)
		for t := 1; t < len(logits); t++ {
			excess := ReLU(graph.Sub(graph.Sigmoid(logits[t]), graph.Sigmoid(logits[t-1])))
			train.AddRegularizationLoss(graph.Mul(amount, graph.ReduceAllMean(excess)))
		}
	}
	return logits
}
