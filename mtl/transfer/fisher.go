package transfer

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Fisher estimates how much the tasks that a model was trained on care about each of its variables: the diagonal of the Fisher information, for AnchorBy.
//
// For each task it is P·E[(∂L/∂w)²], L the task's loss on one example with labels drawn from the model's own prediction and P the number of its
// labelled entries, such as pixels; the sum over tasks is returned. Penalty ½·Σ F·(w − w₀)² then is the second-order approximation of the sum of the losses around w₀, so that a
// Strength of 1 stands for the old data. Labels of a class are drawn from the softmax, binary ones from the sigmoid, and those of a regression are the
// prediction plus or minus √½, for which the squared error is a log-likelihood.
//
// It runs the model on one example at a time, in inference mode.
type Fisher struct {
	// Examples is how many are used, drawn at random; 0 means 256, or all where there are fewer.
	Examples int
	// Seed draws examples and labels; 0 means 1.
	Seed int64
}

const fisherExamples = 256

// Estimate returns the importance of each trainable variable of the model, by its path. Of split only the inputs are used. Frozen variables have none: estimate before freezing.
func (f Fisher) Estimate(ctx context.Context, backend compute.Backend, store *model.Store, m *mtl.Model, split *mtl.Split) (map[string]*tensors.Tensor, error) {
	if split.Len() == 0 || f.Examples < 0 {
		return nil, fmt.Errorf("transfer: the Fisher information needs examples: got a split of %d and Fisher.Examples %d", split.Len(), f.Examples)
	}
	n, seed := f.Examples, f.Seed
	if n == 0 {
		n = fisherExamples
	}
	if seed == 0 {
		seed = 1
	}
	var variables []*model.Variable
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		g := inputs[0].Graph()
		predictions := m.Graph(scope, nil, inputs[1:])
		variables = variables[:0]
		var nodes []*graph.Node
		for _, v := range trained(store.RootScope(), g) {
			if v.DType() == dtypes.Float32 {
				variables, nodes = append(variables, v), append(nodes, v.NodeValue(g))
			}
		}
		sums := make([]*graph.Node, len(nodes))
		state := inputs[0]
		for i := range m.Tasks {
			t := &m.Tasks[i]
			var noise *graph.Node
			state, noise = graph.RandomUniform(state, predictions[i].Shape())
			labels, entries := drawnLabels(t, predictions[i], noise)
			loss := t.Loss([]*graph.Node{graph.StopGradient(labels)}, []*graph.Node{predictions[i]})
			for k, d := range graph.Gradient(loss, nodes...) {
				square := graph.MulScalar(graph.Square(d), float64(entries))
				if sums[k] == nil {
					sums[k] = square
				} else {
					sums[k] = graph.Add(sums[k], square)
				}
			}
		}
		return append(sums, state)
	})
	if err != nil {
		return nil, fmt.Errorf("transfer: the Fisher information cannot be built: %w", err)
	}
	defer exec.Finalize()
	state, err := graph.RNGStateFromSeed(seed)
	if err != nil {
		return nil, err
	}
	at := drawn(split.Len(), n, seed)
	var totals [][]float64
	for _, row := range at {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("transfer: the estimate of the Fisher information was ended: %w", err)
		}
		one, err := pick(&mtl.Split{Inputs: split.Inputs}, []int{row})
		if err != nil {
			return nil, err
		}
		args := []any{state}
		for _, x := range one.Inputs {
			args = append(args, x)
		}
		var outputs []*tensors.Tensor
		if err := try(func() (err error) { outputs, err = exec.Call(args...); return err }); err != nil {
			return nil, fmt.Errorf("transfer: the Fisher information cannot be computed: %w", err)
		}
		if len(outputs) != len(variables)+1 || len(variables) == 0 {
			return nil, fmt.Errorf("transfer: the model has no trainable variables: is everything frozen?")
		}
		if totals == nil {
			totals = make([][]float64, len(variables))
		}
		for k, out := range outputs[:len(variables)] {
			flat, err := tensors.CopyFlatData[float32](out)
			if err != nil {
				return nil, err
			}
			if totals[k] == nil {
				totals[k] = make([]float64, len(flat))
			}
			for i, x := range flat {
				totals[k][i] += float64(x)
			}
			out.MustFinalizeAll()
		}
		state = outputs[len(variables)]
	}
	importance := map[string]*tensors.Tensor{}
	for k, v := range variables {
		mean := make([]float32, len(totals[k]))
		for i, sum := range totals[k] {
			mean[i] = float32(sum / float64(len(at)))
		}
		importance[v.Path()] = tensors.FromFlatDataAndDimensions(mean, v.Shape().Dimensions...)
	}
	return importance, nil
}

// drawnLabels are labels by the model's own prediction, given noise uniform in 0..1 and of its shape, and how many entries the loss is the mean of.
func drawnLabels(t *mtl.Task, prediction, noise *graph.Node) (labels *graph.Node, entries int) {
	entries = prediction.Shape().Size()
	switch t.Kind {
	case mtl.KindClassification, mtl.KindSegmentation:
		// The largest of logits with Gumbel noise is distributed as the softmax says.
		gumbel := graph.Neg(graph.Log(graph.Neg(graph.Log(graph.ClipScalar(noise, 1e-12, 1-1e-7)))))
		return graph.ArgMax(graph.Add(prediction, gumbel), -1, dtypes.Int32), entries / prediction.Shape().Dim(-1)
	case mtl.KindBinary, mtl.KindMultiLabel:
		return graph.ConvertDType(graph.LessThan(noise, graph.Sigmoid(prediction)), prediction.DType()), entries
	case mtl.KindRegression, mtl.KindPixelRegression:
		plus := graph.ConvertDType(graph.LessThan(noise, graph.MulScalar(graph.OnesLike(noise), 0.5)), prediction.DType())
		return graph.Add(prediction, graph.MulScalar(graph.AddScalar(graph.MulScalar(plus, 2), -1), math.Sqrt(0.5))), entries
	}
	panicf("task %q is of kind %q, whose labels cannot be drawn: give AnchorBy importances of your own", t.Name, t.Kind)
	return nil, 0
}
