package mtl

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Predict returns the prediction of every task, in the order of m.Tasks, for all examples of the given inputs, in inference mode. The tensors are the
// caller's to free. The store must be of this model, as for Evaluate.
func Predict(ctx context.Context, backend compute.Backend, store *model.Store, m *Model, given ...*tensors.Tensor) ([]*tensors.Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("mtl: prediction not started: %w", err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	had := trainedIn(store)
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		predictions := m.Graph(scope, nil, inputs)
		g := predictions[0].Graph()
		if err := errors.Join(idsOf(g).check(given, "prediction"), had.check(m, usedIn(g, store))); err != nil {
			panic(err)
		}
		return predictions
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	args := make([]any, len(given))
	for i, t := range given {
		args[i] = t
	}
	var predictions []*tensors.Tensor
	if panicked := try(func() { predictions, err = exec.Call(args...) }); panicked != nil {
		err = panicked
	}
	if err != nil {
		return nil, fmt.Errorf("mtl: prediction failed: %w", err)
	}
	return predictions, nil
}

// MostLikely returns the index of the greatest value along the last axis, the predicted class of logits [..., classes], row by row. Ties go
// to the lower index. A NaN among them is an error.
func MostLikely(logits *tensors.Tensor) ([]int32, error) {
	flat, err := float32s("the logits", logits)
	if err != nil {
		return nil, err
	}
	dims := logits.Shape().Dimensions
	if len(dims) == 0 || dims[len(dims)-1] == 0 {
		return nil, fmt.Errorf("mtl: logits shaped %s have no classes: wanted [..., classes]", logits.Shape())
	}
	classes := dims[len(dims)-1]
	best := make([]int32, len(flat)/classes)
	for i := range best {
		row := flat[i*classes : (i+1)*classes]
		for k, v := range row {
			if math.IsNaN(float64(v)) {
				return nil, fmt.Errorf("mtl: logit %d of row %d is NaN: no class is the most likely", k, i)
			}
			if v > row[best[i]] {
				best[i] = int32(k)
			}
		}
	}
	return best, nil
}
