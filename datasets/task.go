package datasets

import "fmt"

// Kind says what the labels of a task mean, and with that their type and shape in an [mtl.Split].
type Kind uint8

// The kinds of task.
const (
	// Classification has one class for each example: int32 [examples].
	Classification Kind = iota
	// Binary has one yes or no for each example: float32 [examples], 0 or 1.
	Binary
	// MultiLabel has a yes or no for each class: float32 [examples, classes], 0 or 1.
	MultiLabel
	// Regression has one or more numbers for each example: float32 [examples] or [examples, values].
	Regression
	// Segmentation has one class for each pixel: int32 [examples, height, width].
	Segmentation
)

// String is the kind's name in lower case, such as "multi-label".
func (k Kind) String() string {
	switch k {
	case Classification:
		return "classification"
	case Binary:
		return "binary"
	case MultiLabel:
		return "multi-label"
	case Regression:
		return "regression"
	case Segmentation:
		return "segmentation"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// TaskInfo describes one task of a data set: what a head, a metric or a plot needs to know of its labels.
type TaskInfo struct {
	// Name is the task's key in the Labels and Masks of each split.
	Name string
	// Kind says what the labels mean.
	Kind Kind
	// Description is one sentence for people: what is asked, and how the label came about.
	Description string
	// Classes names the classes in the order of their indices: all of them for Classification, MultiLabel and Segmentation, the
	// names of 0 and 1 for Binary, nothing for Regression.
	Classes []string
	// Values names the columns of a Regression label [examples, values]; nothing for labels [examples].
	Values []string
	// Unit is what a Regression label counts, such as "ink/100"; empty where there is none.
	Unit string
}
