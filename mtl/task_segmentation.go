package mtl

import "github.com/gomtl/gomtl/mtl/metric"

// Segmentation is a class per pixel: labels int32 [batch, height, width], logits [batch, height, width, classes], cross-entropy per
// pixel, mIoU and pixel accuracy. The usual "void" label is given with WithIgnoreLabel(255).
func Segmentation(name string, classes int, options ...TaskOption) Task {
	return newTask(Task{
		Name:        name,
		Kind:        KindSegmentation,
		Head:        PixelHead{Outputs: classes},
		Loss:        CrossEntropy,
		Metrics:     []metric.Metric{metric.MeanIoU{Classes: classes}, metric.PixelAccuracy{}},
		CheckLabels: checkClasses(classes),
		classes:     classes,
	}, options)
}
