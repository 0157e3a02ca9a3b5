package mtl

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl/metric"
)

// Classification is a task of one class out of classes: labels int32 [batch], logits [batch, classes], cross-entropy, accuracy and macro-F1.
func Classification(name string, classes int, options ...TaskOption) Task {
	return newTask(Task{
		Name:        name,
		Kind:        KindClassification,
		Head:        DenseHead{Outputs: classes},
		Loss:        CrossEntropy,
		Metrics:     []metric.Metric{metric.Accuracy{}, metric.MacroF1{Classes: classes}},
		CheckLabels: checkClasses(classes),
		classes:     classes,
	}, options)
}

// checkClasses rejects integer labels outside 0..classes-1 that are neither masked out nor the ignored label.
func checkClasses(classes int) func(t *Task, labels, mask *tensors.Tensor) error {
	return func(t *Task, labels, mask *tensors.Tensor) error {
		name := t.Name
		flat, err := int32s(name, labels)
		if err != nil {
			return err
		}
		known, err := t.known(labels, mask)
		if err != nil {
			return err
		}
		perExample := len(flat) / max(1, labels.Shape().Dimensions[0])
		for i, y := range flat {
			if (y >= 0 && int(y) < classes) || !known(i) {
				continue
			}
			return fmt.Errorf("mtl: task %q: example %d has the label %d, out of range: wanted 0 to %d; mark unlabelled entries in Split.Masks or with WithIgnoreLabel",
				name, i/perExample, y, classes-1)
		}
		return nil
	}
}
