package arch

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// DBMTL is deep Bayesian multi-target learning (Wang et al., "Deep Bayesian Multi-Target Learning for Recommender Systems", 2019): what a task is
// about depends on other tasks, as in P(l_1, ..., l_T | x) = Π_t P(l_t | x, l_1, ..., l_{t-1}). A task's features are made of its tower and of the
// features of the tasks it depends on:
//
//	h_t = Tower_t(x)    r_t = Relation_t(h_t, r_s for the tasks s before t)    r_t = h_t where there are none
//
// The bottom is shared; "task/NAME/tower" and "task/NAME/relation" are the task's own, but tasks that depend on it reach them too and add to their
// gradient. It has nothing to do with the weighting of the same name, dual-balancing multi-task learning.
type DBMTL struct {
	// Bottom is a shared trunk, such as an embedding; nil means that the towers get the inputs.
	Bottom Trunk
	// Tower is built once for each task.
	Tower Trunk
	// Relation is built once for each task that depends on others; it takes several inputs, the tower's first, as arch.Dense does.
	Relation Trunk
	// After names the tasks that a task depends on, by its name, without a cycle. Nil means the model's tasks before it, all of them.
	After map[string][]string
}

// Features implements mtl.Architecture.
func (a DBMTL) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if a.Tower == nil || a.Relation == nil {
		panicf("arch.DBMTL has towers of %T and relations of %T; wanted two trunks, for example arch.Dense{Widths: []int{32}}", a.Tower, a.Relation)
	}
	names := namesOf(tasks)
	after := a.After
	if after == nil {
		mtl.KeepOrder(scope.At(mtl.SharedScope), namesOf(tasks))
	}
	if after == nil {
		after = map[string][]string{}
		for i, name := range names {
			after[name] = names[:i]
		}
	}
	for name, before := range after {
		for _, other := range append([]string{name}, before...) {
			if !slices.Contains(names, other) {
				panicf("After of arch.DBMTL names task %q; the model has %q", other, names)
			}
		}
	}
	x := bottomOf(scope, a.Bottom, inputs)
	features := make([]*graph.Node, len(tasks))
	under := make([]bool, len(tasks)) // construction
	var build func(t int) *graph.Node
	build = func(t int) *graph.Node {
		if under[t] {
			panicf("in After of arch.DBMTL task %q depends on itself: wanted no cycles", names[t])
		}
		if features[t] != nil {
			return features[t]
		}
		under[t] = true
		own := ofTask(scope, tasks[t])
		parts := []*graph.Node{a.Tower.Represent(own.At("tower"), x)}
		for _, other := range after[names[t]] {
			parts = append(parts, build(slices.Index(names, other)))
		}
		features[t], under[t] = parts[0], false
		if len(parts) > 1 {
			features[t] = a.Relation.Represent(own.At("relation"), parts)
		}
		return features[t]
	}
	for t := range tasks {
		build(t)
	}
	return features
}
