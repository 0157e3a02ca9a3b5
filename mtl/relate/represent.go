package relate

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Represented are the representations that tasks have of the same examples.
type Represented struct {
	Tasks []string
	// Rows holds, by task, one vector for each example; tasks may have vectors of different lengths.
	Rows [][][]float64
}

// Represent runs the examples of inputs through the model, in inference mode and all at once, and returns what each head gets, flattened. m is Separate(m), or any model in which
// tasks have representations of their own; those of hard sharing are one and the same, and say nothing. A few hundred examples are enough.
func Represent(ctx context.Context, b compute.Backend, store *model.Store, m *mtl.Model, inputs ...*tensors.Tensor) (*Represented, error) {
	var shapes [][]int
	outputs, err := execute(ctx, b, store, m, inputs, func(_, features, _ []*graph.Node) []*graph.Node {
		flat := make([]*graph.Node, len(features))
		shapes = nil
		for i, f := range features {
			flat[i] = graph.ConvertDType(graph.Reshape(f, f.Shape().Dim(0), -1), dtypes.Float32)
			shapes = append(shapes, flat[i].Shape().Dimensions)
		}
		return flat
	})
	if err != nil {
		return nil, err
	}
	r := &Represented{Tasks: m.TaskNames()}
	for i, t := range outputs {
		values, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return nil, err
		}
		rows := make([][]float64, shapes[i][0])
		for n := range rows {
			rows[n] = float64s(values[n*shapes[i][1] : (n+1)*shapes[i][1]])
		}
		r.Rows = append(r.Rows, rows)
	}
	return r, nil
}

func (r *Represented) check() error {
	if len(r.Rows) != len(r.Tasks) || len(r.Tasks) == 0 {
		return fmt.Errorf("relate: want representations for each task and at least one, got %d for the tasks %q", len(r.Rows), r.Tasks)
	}
	for i, rows := range r.Rows {
		if len(rows) != len(r.Rows[0]) || len(rows) < 4 {
			return fmt.Errorf("relate: want the same examples for each task and at least 4, got %d for %q and %d for %q", len(r.Rows[0]), r.Tasks[0], len(rows), r.Tasks[i])
		}
		for _, row := range rows {
			if len(row) != len(rows[0]) {
				return fmt.Errorf("relate: the representations of task %q differ in length", r.Tasks[i])
			}
		}
	}
	return nil
}

// watched remembers what an architecture gave the heads.
type watched struct {
	mtl.Architecture
	features []*graph.Node
}

func (w *watched) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	w.features = w.Architecture.Features(scope, inputs, tasks)
	return w.features
}

// execute runs a graph of the model in inference mode. build gets inputs, representations and predictions.
func execute(ctx context.Context, b compute.Backend, store *model.Store, m *mtl.Model, inputs []*tensors.Tensor, build func(inputs, features, predictions []*graph.Node) []*graph.Node) (outputs []*tensors.Tensor, err error) {
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("relate: not started: %w", ctx.Err())
	case m == nil || m.Arch == nil || len(m.Tasks) == 0:
		return nil, fmt.Errorf("relate: want a model with an architecture and at least one task")
	case len(inputs) == 0:
		return nil, fmt.Errorf("relate: want at least one input, got none")
	}
	defer func() {
		// Graph building panics, by GoMLX's convention; a caller gets an error.
		if p := recover(); p != nil {
			err = fmt.Errorf("relate: the model cannot be run: %v", p)
		}
	}()
	if store.NumVariables() == 0 {
		return nil, fmt.Errorf("relate: the store has no variables: train the model first")
	}
	exec, err := model.NewExec(b, store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		arch := &watched{Architecture: m.Arch}
		predictions := (&mtl.Model{Arch: arch, Tasks: m.Tasks}).Graph(scope, nil, inputs)
		return build(inputs, slices.Clone(arch.features), predictions)
	})
	if err != nil {
		return nil, fmt.Errorf("relate: the model cannot be built: %w", err)
	}
	defer exec.Finalize()
	args := make([]any, len(inputs))
	for i, t := range inputs {
		args[i] = t
	}
	before := map[*model.Variable]bool{}
	for v := range store.IterVariables() {
		before[v] = true
	}
	if outputs, err = exec.Call(args...); err != nil {
		return nil, fmt.Errorf("relate: the model cannot be run: %w", err)
	}
	for v := range store.IterVariables() {
		if v.Trainable && !before[v] {
			return nil, fmt.Errorf("relate: the store had no variable %q, which the model needs: want the store that this model was trained on", v.Path())
		}
	}
	return outputs, nil
}

func float64s(values []float32) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}
