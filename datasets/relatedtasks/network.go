package relatedtasks

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// Network is one layer of tanh that all its tasks share and that each applies to inputs of its own: h_t = tanh(W·x_t + b), [batch, Width]. The inputs are [batch, T, d],
// as New makes them, or [batch, d] to give all tasks the same ones. With one task it is the single-task network.
type Network struct {
	// Width is the number of units; 0 means 8, twice as many as a task has features.
	Width int
}

// Features implements mtl.Architecture. Tasks are found by the number in their name.
func (n Network) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if len(inputs) != 1 || inputs[0].Rank() < 2 || inputs[0].Rank() > 3 {
		exceptions.Panicf("mtl: relatedtasks.Network takes one input, [batch, tasks, inputs] or [batch, inputs]; got %s", inputs)
	}
	width := n.Width
	if width == 0 {
		width = 8
	}
	trunk, shared, x := arch.Dense{Widths: []int{width}, Activation: graph.Tanh}, scope.At(mtl.SharedScope), inputs[0]
	features := make([]*graph.Node, len(tasks))
	if x.Rank() == 2 {
		h := trunk.Represent(shared, inputs)
		for i := range features {
			features[i] = h
		}
		return features
	}
	// One pass for all tasks.
	batch, d := x.Shape().Dim(0), x.Shape().Dim(2)
	rows := make([]*graph.Node, len(tasks))
	for i, t := range tasks {
		rows[i] = graph.SliceAxis(x, 1, graph.AxisElem(index(t.Name, x.Shape().Dim(1))))
	}
	h := trunk.Represent(shared, []*graph.Node{graph.Reshape(graph.Concatenate(rows, 1), batch*len(tasks), d)})
	h = graph.Reshape(h, batch, len(tasks), width)
	for i := range features {
		features[i] = graph.Reshape(graph.SliceAxis(h, 1, graph.AxisElem(i)), batch, width)
	}
	return features
}

// index is the number of a task among count, from 0.
func index(name string, count int) int {
	number, err := strconv.Atoi(strings.TrimPrefix(name, "task"))
	if err != nil || number < 1 || number > count || TaskName(number-1) != name {
		exceptions.Panicf("mtl: relatedtasks.Network has no task %q; wanted %s to %s", name, TaskName(0), TaskName(count-1))
	}
	return number - 1
}

// Model is a Network with linear heads for these tasks of a set of New, in this order; without names for all of them. An error names the tasks there are.
func Model(config Config, names ...string) (*mtl.Model, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for t := range config.Tasks {
		known[TaskName(t)] = true
	}
	if len(names) == 0 {
		for t := range config.Tasks {
			names = append(names, TaskName(t))
		}
	}
	m := &mtl.Model{Arch: Network{}}
	for _, name := range names {
		if !known[name] {
			return nil, fmt.Errorf("relatedtasks: no model: there is no task %q, they are %s to %s", name, TaskName(0), TaskName(config.Tasks-1))
		}
		m.Tasks = append(m.Tasks, mtl.Regression(name, 1))
	}
	return m, nil
}
