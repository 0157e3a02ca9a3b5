package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// ESMM is the entire-space multi-task model for binary tasks of which each can only happen after the one before, such as click and conversion (Ma et
// al., "Entire Space Multi-Task Model: An Effective Approach for Estimating Post-Click Conversion Rate", SIGIR 2018):
//
//	pCTR = σ(z_1)    pCTCVR = σ(z_1)·σ(z_2)    z_t = w_t·h_t + b_t
//
// The second label, "clicked and converted", is known for every row, also for those without a click (it is 0), so both losses are taken on all rows
// and σ(z_2), the rate of conversion of those who click, is never fitted to clicked rows only. Further tasks multiply on: Σ log σ(z_s) over the tasks
// up to t.
//
// The model's tasks, in that order, are mtl.Binary with arch.LogitHead as their head; their predictions are the logits of pCTR, pCTCVR, .... Give no
// masks. The paper's network is Arch: arch.Branched{Trunk: the embedding, Own: arch.Dense{Widths: []int{360, 200, 80}}}. Variables are those of Arch
// and "task/NAME/logit".
type ESMM struct {
	Arch mtl.Architecture
}

// Features implements mtl.Architecture.
func (a ESMM) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	mtl.KeepOrder(scope.At(mtl.SharedScope), namesOf(tasks))
	logits := logitsOf("arch.ESMM", a.Arch, scope, inputs, tasks)
	for t := 1; t < len(logits); t++ {
		logits[t] = logitOfProduct(logits[t-1], logits[t])
	}
	return logits
}

// Conditional is an architecture for the same variables whose predictions are the logits z_t of each task given the one before, such as pCVR = σ(z_2):
//
//	mtl.Predict(ctx, backend, store, &mtl.Model{Arch: a.Conditional(), Tasks: m.Tasks}, inputs)
func (a ESMM) Conditional() mtl.Architecture { return conditional(a) }

type conditional ESMM

func (a conditional) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	return logitsOf("arch.ESMM", a.Arch, scope, inputs, tasks)
}

// logitOfProduct returns log(p/(1-p)) of p = σ(a)·σ(b) without leaving the logarithms: 1/p - 1 = e^-a + e^-b + e^-(a+b).
func logitOfProduct(a, b *graph.Node) *graph.Node {
	terms := graph.Neg(graph.Stack([]*graph.Node{a, b, graph.Add(a, b)}, 0))
	largest := graph.StopGradient(graph.ReduceAndKeep(terms, graph.ReduceMax, 0))
	sum := graph.ReduceSum(graph.Exp(graph.Sub(terms, largest)), 0)
	return graph.Neg(graph.Add(graph.Log(sum), graph.Squeeze(largest, 0)))
}
