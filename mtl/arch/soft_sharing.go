package arch

import (
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// SoftSharing gives each task a tower of its own, h_t = Tower_t(x), and adds Amount·Tie(towers) to the objective, which draws the corresponding
// weights of the towers together: soft parameter sharing (Duong et al., "Low Resource Dependency Parsing: Cross-lingual Parameter Sharing in a Neural
// Network Parser", ACL 2015; Yang and Hospedales, "Trace Norm Regularised Deep Multi-Task Learning", 2017). All trainable variables of the towers are
// tied, biases too.
//
// The towers lie under "shared/tower_NAME", although the loss of one task alone reaches each: the tie couples them, so what one task learns moves the
// others' towers, and gradient methods, which work on what is shared, get parameters to work on. Gradients of two tasks never meet in one variable,
// so none conflict there.
//
// A tower under mtl.Freeze, such as that of a task trained before, is a fixed point for the others. Training records how far the towers are apart,
// ‖w_i - w_j‖ over all tied weights, as quantity "tower/distance".
type SoftSharing struct {
	// Tower is built once for each task.
	Tower Trunk
	// Tie nil means SquaredDistance{}.
	Tie Tie
	// Amount is the factor of the tie; the papers tune it. 0 means 0.001. It is the hyper-parameter "shared/tie", which can be changed without a
	// compilation.
	Amount float64
}

// Features implements mtl.Architecture.
func (a SoftSharing) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Tower == nil {
		panicf("arch.SoftSharing has no trunk for the towers: set Tower, for example to arch.Dense{Widths: []int{64}}")
	}
	if a.Amount == 0 {
		a.Amount = 0.001
	}
	if !(a.Amount > 0) {
		panicf("arch.SoftSharing has Amount %v; wanted a positive number, or 0 for the standard one", a.Amount)
	}
	if a.Tie == nil {
		a.Tie = SquaredDistance{}
	}
	shared := scope.At(mtl.SharedScope)
	features := make([]*graph.Node, len(tasks))
	for i, task := range tasks {
		features[i] = a.Tower.Represent(towerOf(shared, task), inputs)
	}
	g := features[0].Graph()
	if len(tasks) < 2 || !scope.IsTraining(g) {
		return features
	}
	tied := correspondingWeights(shared, g, tasks)
	penalty := a.Tie.Penalty(tied)
	train.AddRegularizationLoss(graph.Mul(mtl.LayerParameter(shared, g, penalty.DType(), "tie", a.Amount), penalty))
	mtl.Report(g, history.Quantity{Name: "tower/distance", Rows: namesOf(tasks), Columns: namesOf(tasks)}, distances(tied))
	return features
}

// towerOf is where the tower of a task goes that other tasks have to do with.
func towerOf(shared *model.Scope, task mtl.Task) *model.Scope {
	return shared.At("%s", "tower_"+mtl.ScopeName(task.Name))
}

// correspondingWeights returns, for each variable of a tower that is trainable in any of them, its values in all towers, [T, size].
func correspondingWeights(shared *model.Scope, g *graph.Graph, tasks []mtl.Task) []*graph.Node {
	var order []string
	values, trainable := map[string][]*graph.Node{}, map[string]bool{}
	for _, task := range tasks {
		at := towerOf(shared, task)
		for v := range at.IterVariables() {
			if !v.InUseByGraph(g) {
				continue
			}
			name := strings.TrimPrefix(v.Path(), at.Scope())
			if values[name] == nil {
				order = append(order, name)
			}
			values[name] = append(values[name], graph.Reshape(v.NodeValue(g), -1))
			trainable[name] = trainable[name] || v.Trainable
		}
	}
	var tied []*graph.Node
	for _, name := range order {
		if !trainable[name] {
			continue
		}
		same := len(values[name]) == len(tasks)
		for _, x := range values[name] {
			same = same && x.Shape().Equal(values[name][0].Shape())
		}
		if !same {
			panicf("the towers of arch.SoftSharing differ in variable %q: wanted a Tower that builds the same for each task", name)
		}
		tied = append(tied, graph.Stack(values[name], 0))
	}
	if len(tied) == 0 {
		panicf("the towers of arch.SoftSharing have no trainable variables to tie")
	}
	return tied
}

// distances returns the Euclidean distances of the rows of all [T, size] together, [T, T].
func distances(tied []*graph.Node) *graph.Node {
	var gramian *graph.Node
	for _, w := range tied {
		w = centred(graph.StopGradient(w))
		products := graph.Einsum("id,jd->ij", w, w)
		if gramian != nil {
			products = graph.Add(gramian, products)
		}
		gramian = products
	}
	t := gramian.Shape().Dim(0)
	squares := graph.ReduceSum(graph.Mul(gramian, graph.ConvertDType(graph.Diagonal(gramian.Graph(), t), gramian.DType())), 1)
	between := graph.Sub(graph.Add(graph.InsertAxes(squares, 0), graph.InsertAxes(squares, 1)), graph.MulScalar(gramian, 2))
	return graph.Sqrt(graph.MaxScalar(between, 0))
}

// centred is [T, size] less the mean of its rows.
func centred(w *graph.Node) *graph.Node {
	return graph.Sub(w, graph.ReduceAndKeep(w, graph.ReduceMean, 0))
}
