package datasets

import "fmt"

// Part names one of the three splits of a data set.
type Part uint8

// The three parts of a data set.
const (
	Train Part = iota
	Validation
	Test
)

// Parts lists the three parts in order.
func Parts() []Part { return []Part{Train, Validation, Test} }

// String is "train", "validation" or "test".
func (p Part) String() string {
	switch p {
	case Train:
		return "train"
	case Validation:
		return "validation"
	case Test:
		return "test"
	}
	return fmt.Sprintf("Part(%d)", uint8(p))
}
