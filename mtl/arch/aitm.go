package arch

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// AITM is adaptive information transfer for tasks in a sequence, such as impression, click, approval (Xi et al., "Modeling the Sequential Dependence
// among Audience Multi-step Conversions with Multi-task Learning in Targeted Display Advertising", KDD 2021). A tower's output q_t is joined with
// what the task before passes on:
//
//	z_1 = q_1    z_t = Σ_u w_u·V_t·u over u in {p, q_t}    p = Transfer_t(z_{t-1})    w = softmax_u(⟨Q_t·u, K_t·u⟩/√k)
//
// with matrices V, Q and K, [k, k], without biases; k is the width of the towers. The order is that of the model's tasks.
//
// The bottom is shared; "task/NAME/tower", "task/NAME/transfer", "task/NAME/query", "task/NAME/key" and "task/NAME/value" are the task's own, but
// later tasks reach them too and add to their gradient. Training records w, averaged over the batch, as quantity "transfer". The paper's calibrator
// is the architecture Calibrated.
type AITM struct {
	// Bottom is a shared trunk, such as an embedding; nil means that the towers get the inputs.
	Bottom Trunk
	// Tower is built once for each task; its output is flattened. The paper's is arch.Dense{Widths: []int{128, 64, 32}}.
	Tower Trunk
	// Transfer makes [batch, k] of [batch, k], from the second task on; nil means a dense layer with ReLU.
	Transfer Trunk
}

// Features implements mtl.Architecture.
func (a AITM) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Tower == nil {
		panicf("arch.AITM has no trunk for the towers: set Tower, for example to arch.Dense{Widths: []int{128, 64, 32}}")
	}
	mtl.KeepOrder(scope.At(mtl.SharedScope), namesOf(tasks))
	x := bottomOf(scope, a.Bottom, inputs)
	features, means := make([]*graph.Node, len(tasks)), []*graph.Node(nil)
	for t, task := range tasks {
		own := ofTask(scope, task)
		q := mtl.Flatten(a.Tower.Represent(own.At("tower"), x))
		if t == 0 {
			features[t] = q
			continue
		}
		width := q.Shape().Dim(-1)
		transfer := a.Transfer
		if transfer == nil {
			transfer = Dense{Widths: []int{width}}
		}
		p := transfer.Represent(own.At("transfer"), []*graph.Node{features[t-1]})
		if !p.Shape().Equal(q.Shape()) {
			panicf("Transfer of arch.AITM makes %s for task %q, whose tower makes %s; wanted the same", p.Shape(), task.Name, q.Shape())
		}
		both := graph.Stack([]*graph.Node{p, q}, 1)
		project := func(name string) *graph.Node { return layers.Dense(own.At("%s", name), both, false, width) }
		scores := graph.DivScalar(graph.ReduceSum(graph.Mul(project("query"), project("key")), -1), math.Sqrt(float64(width)))
		weights := graph.Softmax(scores, -1)
		features[t] = graph.Einsum("bu,buk->bk", weights, project("value"))
		means = append(means, graph.ReduceMean(weights, 0))
	}
	if len(tasks) > 1 {
		mtl.Report(features[0].Graph(), history.Quantity{Name: "transfer", Rows: namesOf(tasks[1:]), Columns: []string{"from before", "own"}}, graph.Stack(means, 0))
	}
	return features
}
