package mtl

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl/metric"
)

// Regression predicts values real numbers per example: labels float32 [batch] (values = 1) or [batch, values], predictions the same,
// squared error, with RMSE, MAE and R2. WithLoss(AbsoluteError) or WithLoss(Huber(1)) change the loss.
func Regression(name string, values int, options ...TaskOption) Task {
	return newTask(Task{
		Name:        name,
		Kind:        KindRegression,
		Head:        DenseHead{Outputs: values, Scalar: values == 1},
		Loss:        SquaredError,
		Metrics:     []metric.Metric{metric.RMSE{}, metric.MAE{}, metric.R2{}},
		CheckLabels: checkRange(math.Inf(-1), math.Inf(1)),
	}, options)
}

// checkRange rejects real labels that are NaN, infinite or outside [low, high], unless masked out.
func checkRange(low, high float64) func(t *Task, labels, mask *tensors.Tensor) error {
	return func(t *Task, labels, mask *tensors.Tensor) error {
		name := t.Name
		flat, err := float32s("the labels of task "+name, labels)
		if err != nil {
			return err
		}
		known, err := t.known(labels, mask)
		if err != nil {
			return err
		}
		perExample := len(flat) / max(1, labels.Shape().Dimensions[0])
		for i, y := range flat {
			v := float64(y)
			if (v >= low && v <= high && !math.IsInf(v, 0)) || !known(i) {
				continue
			}
			return fmt.Errorf("mtl: task %q: example %d has the label %v; wanted a finite number from %v to %v; mark unlabelled entries in Split.Masks or with WithIgnoreLabel",
				name, i/perExample, y, low, high)
		}
		return nil
	}
}
