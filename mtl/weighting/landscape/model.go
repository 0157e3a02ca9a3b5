package landscape

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// thetaPath is θ's in a store.
const thetaPath = "/" + mtl.SharedScope + "/theta"

// Model returns the problem as a model of two tasks, "first" and "second". Its only parameter is θ, float64 [2], shared, which begins at start; the heads have none.
// The examples do not matter, only that there are some: each adds the same losses to the batch's means. See Examples.
func (p Problem) Model(start [2]float64) *mtl.Model {
	m := &mtl.Model{Arch: plane(start)}
	for t := range centre {
		m.Tasks = append(m.Tasks, mtl.Task{Name: []string{"first", "second"}[t], Kind: mtl.KindRegression, Head: p.head(t), Loss: predicted})
	}
	return m
}

// exampleCount is enough for methods that look at parts of a batch; a mean of four equal numbers is exact.
const exampleCount = 4

// Examples returns examples to train Model on.
func Examples() *mtl.Split {
	zeros := func() *tensors.Tensor { return tensors.FromValue(make([]float32, exampleCount)) }
	return &mtl.Split{Inputs: []*tensors.Tensor{zeros()}, Labels: map[string]*tensors.Tensor{"first": zeros(), "second": zeros()}}
}

// plane is the architecture whose representation of every example is θ.
type plane [2]float64

// Features implements mtl.Architecture.
func (p plane) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	theta := scope.At(mtl.SharedScope).VariableWithValue("theta", p[:]).NodeValue(inputs[0].Graph())
	theta = graph.BroadcastToDims(graph.InsertAxes(theta, 0), inputs[0].Shape().Dimensions[0], 2)
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = theta
	}
	return features
}

// String describes it for the run header.
func (p plane) String() string { return fmt.Sprintf("the plane from (%v, %v)", p[0], p[1]) }

// head computes task t's loss of each example, [batch], from θ, [batch, 2].
func (p Problem) head(t int) mtl.HeadFunc {
	scale, sign := []float64{p.scale(), 1}[t], []float64{1, -1}[t]
	return func(_ *model.Scope, theta *graph.Node) *graph.Node {
		column := func(i int) *graph.Node { return graph.Reshape(graph.SliceAxis(theta, 1, graph.AxisElem(i)), -1) }
		x, y := column(0), column(1)
		zero := graph.ZerosLike(y)
		h := graph.Tanh(graph.MulScalar(y, 0.5))
		u := graph.Add(graph.AddScalar(graph.MulScalar(x, -0.5), -3.5*sign), graph.MulScalar(graph.Tanh(y), sign))
		f := graph.AddScalar(graph.Log(graph.MaxScalar(graph.Abs(u), depth)), 6)
		q := graph.Add(graph.Square(graph.AddScalar(x, -centre[t])), graph.MulScalar(graph.Square(graph.AddScalar(y, 8)), 0.1))
		q = graph.AddScalar(graph.MulScalar(q, 0.1), -20)
		loss := graph.Add(graph.Mul(graph.Max(h, zero), f), graph.Mul(graph.Max(graph.Neg(h), zero), q))
		return graph.AddScalar(graph.MulScalar(loss, scale), p.Offset)
	}
}

// predicted is the loss that the head computed: its mean over the labelled examples.
func predicted(labels, predictions []*graph.Node) *graph.Node {
	if len(labels) > 1 {
		return graph.MaskedReduceAllMean(predictions[0], graph.Reshape(labels[1], predictions[0].Shape().Dimensions...))
	}
	return graph.ReduceAllMean(predictions[0])
}
