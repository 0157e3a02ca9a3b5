package mtl

import "github.com/gomtl/gomtl/mtl/metric"

// Binary is a yes-or-no task: labels float32 [batch] in {0, 1}, logits [batch], binary cross-entropy, accuracy.
func Binary(name string, options ...TaskOption) Task {
	return newTask(Task{
		Name:        name,
		Kind:        KindBinary,
		Head:        DenseHead{Outputs: 1, Scalar: true},
		Loss:        BinaryCrossEntropy,
		Metrics:     []metric.Metric{metric.BinaryAccuracy{}},
		CheckLabels: checkRange(0, 1),
		classes:     2,
	}, options)
}

// MultiLabel is a set of independent yes-or-no labels: labels float32 [batch, labels] in {0, 1}, logits [batch, labels], binary
// cross-entropy averaged over all labelled entries, accuracy. A mask may be per example or per entry.
func MultiLabel(name string, labels int, options ...TaskOption) Task {
	return newTask(Task{
		Name:        name,
		Kind:        KindMultiLabel,
		Head:        DenseHead{Outputs: labels},
		Loss:        BinaryCrossEntropy,
		Metrics:     []metric.Metric{metric.BinaryAccuracy{}},
		CheckLabels: checkRange(0, 1),
		classes:     labels,
	}, options)
}
