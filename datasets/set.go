package datasets

import (
	"fmt"
	"strings"

	"github.com/gomtl/gomtl/mtl"
)

// Set is a data set in memory: three parts, what their tasks are, and where the data comes from.
type Set struct {
	// Name is short and lower case, as on a command line.
	Name string
	// Description says in a few sentences what an example is, how the inputs are shaped and scaled, and how the parts were made.
	Description string
	// Licence is the data's licence, by its SPDX identifier where it has one.
	Licence string
	// Citation is the reference a paper that uses the data gives.
	Citation string
	// Tasks describes the labels of every part; all parts have the same tasks.
	Tasks []TaskInfo
	// Train, Validation and Test share no example. Validation and Test may be nil in a set that a user made.
	Train, Validation, Test *mtl.Split
}

// Part is the split of that name; nil for a part the set lacks.
func (s *Set) Part(part Part) *mtl.Split {
	switch part {
	case Train:
		return s.Train
	case Validation:
		return s.Validation
	case Test:
		return s.Test
	}
	return nil
}

// Task finds the description of a task by its name. The error names the tasks there are.
func (s *Set) Task(name string) (TaskInfo, error) {
	for _, task := range s.Tasks {
		if task.Name == name {
			return task, nil
		}
	}
	return TaskInfo{}, fmt.Errorf("datasets: %s has no task %q, it has %s", s.Name, name, strings.Join(s.TaskNames(), ", "))
}

// TaskNames lists the names of the tasks in order.
func (s *Set) TaskNames() []string {
	names := make([]string, len(s.Tasks))
	for i, task := range s.Tasks {
		names[i] = task.Name
	}
	return names
}

// String is a short table of the set for people: its parts, inputs and tasks.
func (s *Set) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d train, %d validation, %d test\n", s.Name, s.Train.Len(), s.Validation.Len(), s.Test.Len())
	if s.Train != nil {
		for i, input := range s.Train.Inputs {
			fmt.Fprintf(&b, "  input %d  %s %v\n", i, input.DType(), input.Shape().Dimensions)
		}
	}
	for _, task := range s.Tasks {
		fmt.Fprintf(&b, "  %-8s %s", task.Name, task.Kind)
		if len(task.Classes) > 0 {
			fmt.Fprintf(&b, ", %d classes", len(task.Classes))
		}
		if task.Unit != "" {
			fmt.Fprintf(&b, ", in %s", task.Unit)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
