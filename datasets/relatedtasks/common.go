package relatedtasks

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/datasets"
	"github.com/gomtl/gomtl/mtl"
)

// Common draws n inputs, float32 [n, d], that are the same for all tasks, with the noisy labels that each has on them: to look at different tasks' models, or labels, on the same examples.
// They are independent of the parts of New.
func Common(config Config, n int) (*mtl.Split, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, fmt.Errorf("relatedtasks: want at least one example, got %d", n)
	}
	teachers, err := config.Teachers()
	if err != nil {
		return nil, err
	}
	inputs, labels := make([]float32, 0, n*config.Inputs), make([][]float32, config.Tasks)
	x := make([]float64, config.Inputs)
	for i := range n {
		random := datasets.Stream(config.Seed, same, i)
		for k := range x {
			x[k] = random.NormFloat64()
			inputs = append(inputs, float32(x[k]))
		}
		for t, teacher := range teachers {
			labels[t] = append(labels[t], float32(teacher.Value(x)+config.Noise*random.NormFloat64()))
		}
	}
	split := &mtl.Split{Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(inputs, n, config.Inputs)}, Labels: map[string]*tensors.Tensor{}}
	for t, y := range labels {
		split.Labels[TaskName(t)] = tensors.FromFlatDataAndDimensions(y, n)
	}
	return split, nil
}
