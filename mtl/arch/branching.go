package arch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Branching is a structure of an LTB: a tree (or several) of branches with the tasks as leaves.
type Branching struct {
	// Parents[l][j] is the branch of stage l that branch j of stage l+1 reads.
	Parents [][]int
	// Tasks has the branch of the last stage that each task reads, by its name.
	Tasks map[string]int
}

// Chosen reads from a trained store what was chosen: for each branch and each task the parent of the largest α.
func (a LTB) Chosen(store *model.Store, tasks []mtl.Task) (*Branching, error) {
	b := &Branching{Tasks: map[string]int{}}
	root := store.RootScope()
	for stage := 1; stage < len(a.Stages); stage++ {
		parents, err := choices(choiceOf(root.At(mtl.SharedScope), stage))
		if err != nil {
			return nil, err
		}
		b.Parents = append(b.Parents, parents)
	}
	for _, task := range tasks {
		parent, err := choices(ofTask(root, task).At("choice"))
		if err != nil {
			return nil, err
		}
		b.Tasks[task.Name] = parent[0]
	}
	return b, nil
}

// choices reads an α, [parents] or [children, parents].
func choices(scope *model.Scope) ([]int, error) {
	v := scope.GetVariable("alpha")
	if v == nil {
		return nil, fmt.Errorf("mtl: the store has no variable %s/alpha: wanted one that an arch.LTB with these stages and tasks was trained with", scope.Scope())
	}
	value, err := v.Value()
	if err != nil {
		return nil, err
	}
	best, err := mtl.MostLikely(value)
	if err != nil {
		return nil, err
	}
	parents := make([]int, len(best))
	for i, k := range best {
		parents[i] = int(k)
	}
	return parents, nil
}

// Path returns the branches that a task's features come through, one of each stage.
func (b *Branching) Path(task string) []int {
	at := b.Tasks[task]
	path := []int{at}
	for _, parents := range slices.Backward(b.Parents) {
		at = parents[at]
		path = append(path, at)
	}
	slices.Reverse(path)
	return path
}

// String has a line for each task, by name, with its branches: "click: 0 → 2 → 1".
func (b *Branching) String() string {
	var lines []string
	for _, task := range slices.Sorted(maps.Keys(b.Tasks)) {
		path := make([]string, 0, len(b.Parents)+1)
		for _, branch := range b.Path(task) {
			path = append(path, fmt.Sprint(branch))
		}
		lines = append(lines, task+": "+strings.Join(path, " → "))
	}
	return strings.Join(lines, "\n")
}

// features builds what the tasks need, each branch once.
func (b *Branching) features(tasks []mtl.Task, stages, branches int, inputs []*graph.Node, build func(stage, branch int, inputs []*graph.Node) *graph.Node) []*graph.Node {
	b.check(tasks, stages, branches)
	type place struct{ stage, branch int }
	built := map[place]*graph.Node{}
	features := make([]*graph.Node, len(tasks))
	for t, task := range tasks {
		from := inputs
		for stage, branch := range b.Path(task.Name) {
			at := place{stage, branch}
			if built[at] == nil {
				built[at] = build(stage, branch, from)
			}
			from = []*graph.Node{built[at]}
		}
		features[t] = from[0]
	}
	return features
}

func (b *Branching) check(tasks []mtl.Task, stages, branches int) {
	valid := func(branch int) bool { return branch >= 0 && branch < branches }
	ok := len(b.Parents) == stages-1
	for _, parents := range b.Parents {
		ok = ok && len(parents) == branches
		for _, p := range parents {
			ok = ok && valid(p)
		}
	}
	for _, task := range tasks {
		branch, found := b.Tasks[task.Name]
		ok = ok && found && valid(branch)
	}
	if !ok {
		panicf("Fixed of arch.LTB is %+v; wanted %d lists of %d parents from 0 to %d, and one for each task of %q", *b, stages-1, branches, branches-1, namesOf(tasks))
	}
}
