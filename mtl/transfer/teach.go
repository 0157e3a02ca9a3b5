package transfer

import (
	"context"
	"fmt"
	"maps"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Teacher is a trained model.
type Teacher struct {
	Model *mtl.Model
	Store *model.Store
}

// Teach is the split with the teachers' predictions beside the labels of each teacher's tasks, as the tasks of Distillation take them. Predictions are made once, in inference
// mode. A task without labels, or with a mask, gets the teacher's word where labels are missing: Teach on a split of new inputs keeps an old
// task alive without its data (learning without forgetting, Li and Hoiem, ECCV 2016). Several single-task teachers make a multi-task student, and a
// multi-task teacher a single-task one. Other tasks stay as they are.
func Teach(ctx context.Context, backend compute.Backend, split *mtl.Split, teachers ...Teacher) (*mtl.Split, error) {
	if split.Len() == 0 || len(teachers) == 0 {
		return nil, fmt.Errorf("transfer: Teach needs examples and a teacher: got a split of %d and %d teachers", split.Len(), len(teachers))
	}
	taught := &mtl.Split{Inputs: split.Inputs, Labels: maps.Clone(split.Labels), Masks: maps.Clone(split.Masks)}
	if taught.Labels == nil {
		taught.Labels = map[string]*tensors.Tensor{}
	}
	if taught.Masks == nil {
		taught.Masks = map[string]*tensors.Tensor{}
	}
	seen := map[string]bool{}
	for _, teacher := range teachers {
		predictions, err := teacher.predict(ctx, backend, split)
		if err != nil {
			return nil, err
		}
		for i := range teacher.Model.Tasks {
			t := &teacher.Model.Tasks[i]
			if seen[t.Name] {
				return nil, fmt.Errorf("transfer: two teachers know task %q: leave it out of one teacher's model", t.Name)
			}
			seen[t.Name] = true
			f, err := formOf(t)
			if err != nil {
				return nil, err
			}
			packed, mask, err := f.pack(t, split, predictions[i])
			if err != nil {
				return nil, err
			}
			taught.Labels[t.Name] = packed
			if delete(taught.Masks, t.Name); mask != nil {
				taught.Masks[t.Name] = mask
			}
		}
	}
	return taught, nil
}

// predict is mtl.Predict in batches.
func (t Teacher) predict(ctx context.Context, backend compute.Backend, split *mtl.Split) ([]*tensors.Tensor, error) {
	exec, err := model.NewExec(backend, t.Store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		return t.Model.Graph(scope, nil, inputs)
	})
	if err != nil {
		return nil, fmt.Errorf("transfer: the teacher cannot be built: %w", err)
	}
	defer exec.Finalize()
	n := split.Len()
	batch := min(n, mtl.DefaultEvaluationBatch)
	parts := make([][]*tensors.Tensor, len(t.Model.Tasks))
	var counts []int
	for start := 0; start < n; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("transfer: the teacher was interrupted after %d of %d examples: %w", start, n, err)
		}
		at := make([]int, batch) // of one shape, so that one program serves all
		for i := range at {
			at[i] = min(start+i, n-1)
		}
		some, err := pick(&mtl.Split{Inputs: split.Inputs}, at)
		if err != nil {
			return nil, err
		}
		args := make([]any, len(some.Inputs))
		for i, x := range some.Inputs {
			args[i] = x
		}
		var outputs []*tensors.Tensor
		if err := try(func() (err error) { outputs, err = exec.Call(args...); return err }); err != nil {
			return nil, fmt.Errorf("transfer: the teacher cannot predict: %w", err)
		}
		count := min(batch, n-start)
		counts = append(counts, count)
		for i, out := range outputs {
			local, err := rows(out, cycled(batch, count))
			if err != nil {
				return nil, err
			}
			parts[i] = append(parts[i], local)
		}
	}
	predictions := make([]*tensors.Tensor, len(parts))
	for i := range parts {
		if predictions[i], err = concatenated("predictions of task "+t.Model.Tasks[i].Name, parts[i], counts); err != nil {
			return nil, err
		}
	}
	return predictions, nil
}
