package relatedtasks

import (
	"fmt"

	"github.com/gomtl/gomtl/datasets"
)

// Config chooses the tasks; the zero value is the default: eight tasks that have nothing to do with each other.
type Config struct {
	// Seed draws the tasks and the examples; example i of a part depends on the seed, the part, i, Tasks and Inputs only.
	Seed uint64
	// Train, Validation and Test are the numbers of examples of each task; 0 means 300, 300 and 1,000.
	Train, Validation, Test int
	// Tasks is the number of tasks, T; 0 means 8.
	Tasks int
	// Overlap is ρ, 0..1: how much the features of two tasks (of one cluster) have in common. At 1 they have the same features, each with weights of its own; at 0
	// nothing.
	Overlap float64
	// Clusters are the sizes of clusters of tasks, whose sum is Tasks: ρ is Overlap within a cluster and 0 between clusters. nil means one cluster of all tasks.
	Clusters []int
	// Inputs is the number of inputs of a task, d; 0 means 50.
	Inputs int
	// Features is the number of features of a task, k; 0 means 4.
	Features int
	// Noise is the standard deviation of the noise on the labels, whose standard deviation is 1 without it; 0 means 0.1, a negative number means none.
	Noise float64
}

// withDefaults fills in what is zero and looks for what cannot be.
func (c Config) withDefaults() (Config, error) {
	for _, field := range []struct {
		value    *int
		standard int
	}{{&c.Train, 300}, {&c.Validation, 300}, {&c.Test, 1_000}, {&c.Tasks, 8}, {&c.Inputs, 50}, {&c.Features, 4}} {
		if *field.value == 0 {
			*field.value = field.standard
		}
		if *field.value < 0 {
			return c, fmt.Errorf("relatedtasks: no number should be negative, got %d in %+v", *field.value, c)
		}
	}
	switch {
	case c.Noise == 0:
		c.Noise = 0.1
	case !(c.Noise > 0):
		c.Noise = 0
	}
	if !(c.Overlap >= 0 && c.Overlap <= 1) {
		return c, fmt.Errorf("relatedtasks: Overlap should be in 0..1, got %g", c.Overlap)
	}
	if c.Clusters == nil {
		c.Clusters = []int{c.Tasks}
	}
	sum := 0
	for _, size := range c.Clusters {
		if size < 1 {
			return c, fmt.Errorf("relatedtasks: each of the clusters %v should have a task", c.Clusters)
		}
		sum += size
	}
	if sum != c.Tasks {
		return c, fmt.Errorf("relatedtasks: the clusters %v have %d tasks, there should be %d", c.Clusters, sum, c.Tasks)
	}
	return c, nil
}

// size is the number of examples of a part.
func (c Config) size(part datasets.Part) int {
	switch part {
	case datasets.Train:
		return c.Train
	case datasets.Validation:
		return c.Validation
	}
	return c.Test
}

// cluster is the number of the cluster of a task.
func (c Config) cluster(task int) int {
	for k, size := range c.Clusters {
		if task < size {
			return k
		}
		task -= size
	}
	return len(c.Clusters)
}
