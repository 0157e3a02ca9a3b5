package datasets

import (
	"fmt"

	"github.com/gomtl/gomtl/mtl"
)

// TaskInfo describes one task of a data set: what a head, a metric or a plot needs to know of its labels.
type TaskInfo struct {
	// Name is the task's key in the Labels and Masks of each split.
	Name string
	// Kind says what the labels mean, and with that their type and shape in an [mtl.Split].
	Kind mtl.Kind
	// Description is one sentence for people: what is asked, and how the label came about.
	Description string
	// Classes names the classes in the order of their indices: all of them for classification, multi-label and segmentation, the
	// names of 0 and 1 for binary, nothing for regression and pixel regression.
	Classes []string
	// Values names the columns of a regression label [examples, values]; nothing for labels [examples].
	Values []string
	// IgnoreLabel, when not nil, is the label that means "unlabelled", as in [mtl.Task].
	IgnoreLabel *int32
	// Unit is what a regression label counts, such as "ink/100"; empty where there is none.
	Unit string
}

// New makes the task for a model: the constructor of its kind, with the class names. options may replace the head, loss or metrics.
func (t TaskInfo) New(options ...mtl.TaskOption) (mtl.Task, error) {
	own := []mtl.TaskOption{mtl.WithClasses(t.Classes...)}
	if t.IgnoreLabel != nil {
		own = append(own, mtl.WithIgnoreLabel(*t.IgnoreLabel))
	}
	options = append(own, options...)
	switch t.Kind {
	case mtl.KindClassification:
		return mtl.Classification(t.Name, len(t.Classes), options...), nil
	case mtl.KindBinary:
		return mtl.Binary(t.Name, options...), nil
	case mtl.KindMultiLabel:
		return mtl.MultiLabel(t.Name, len(t.Classes), options...), nil
	case mtl.KindRegression:
		return mtl.Regression(t.Name, max(1, len(t.Values)), options...), nil
	case mtl.KindSegmentation:
		return mtl.Segmentation(t.Name, len(t.Classes), options...), nil
	case mtl.KindPixelRegression:
		return mtl.PixelRegression(t.Name, options...), nil
	}
	return mtl.Task{}, fmt.Errorf("datasets: task %q has the unknown kind %q", t.Name, t.Kind)
}
