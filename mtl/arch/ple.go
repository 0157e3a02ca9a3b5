package arch

import (
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// ExpertLevel is a level of PLE: shared experts, and own ones of each task.
type ExpertLevel struct {
	// Expert is what each expert of the level is, as in MMoE.
	Expert Trunk
	// Shared is how many experts all tasks share, Own how many each task has of its own; 0 means 1.
	Shared, Own int
	// OwnOf gives tasks, by name, another number of own experts.
	OwnOf map[string]int
}

// PLE is progressive layered extraction, levels of customised gate control (Tang et al., "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning Model
// for Personalized Recommendations", RecSys 2020). At each level the gate of a task mixes its own experts and the shared ones,
//
//	h_t = Σ_i softmax(W_t·g_t)_i·E_i
//
// where a task's own experts take its representation of the level below, and so does its gate. At all levels but the last a shared gate mixes the experts
// of all tasks and the shared ones in the same way; the next level's shared experts, and its shared gate, take the result.
//
// Shared experts, shared gates and the bottom are shared variables; own experts and gates are their task's. Below the last level a task's own experts
// reach other tasks through the shared gate, so their gradients come from all tasks. Training records the gates of level l, averaged over the batch,
// as quantity "gate/level_l", 0 where a gate does not see an expert.
type PLE struct {
	// Bottom is a shared trunk before the first level, such as the convolutions of a model of pictures; nil means that it gets the model's inputs.
	Bottom Trunk
	// Levels, from the input on; at least one.
	Levels []ExpertLevel
	// Gate makes the inputs g of the gates; nil means what the experts of the same task get, flattened, and for feature maps their mean over the pixels.
	Gate GateInput
}

// CGC is customised gate control, PLE with one level: of the same paper.
type CGC struct {
	// Bottom and Gate are those of PLE, the others those of its one level.
	Bottom      Trunk
	Expert      Trunk
	Shared, Own int
	OwnOf       map[string]int
	Gate        GateInput
}

// Features implements mtl.Architecture.
func (c CGC) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	return PLE{c.Bottom, []ExpertLevel{{c.Expert, c.Shared, c.Own, c.OwnOf}}, c.Gate}.features("arch.CGC", scope, inputs, tasks)
}

// Features implements mtl.Architecture.
func (p PLE) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	return p.features("arch.PLE", scope, inputs, tasks)
}

func (p PLE) features(what string, scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	if len(p.Levels) == 0 {
		panicf("%s has no levels: set Levels, for example to []arch.ExpertLevel{{Expert: arch.Dense{Widths: []int{16}}}}", what)
	}
	names := namesOf(tasks)
	common := bottomOf(scope, p.Bottom, inputs)
	own := slices.Repeat([][]*graph.Node{common}, len(tasks))
	for i, level := range p.Levels {
		level.check(what, i, names)
		at := func(scope *model.Scope) *model.Scope { return scope.At("level_%d", i) }
		shared := at(scope.At(mtl.SharedScope))
		// Shared experts first, then those of each task.
		groups := []*graph.Node{experts(shared.At("experts"), level.Expert, orDefault(level.Shared, 1), common)}
		columns := numbered("shared", orDefault(level.Shared, 1))
		for t, task := range tasks {
			groups = append(groups, experts(at(ofTask(scope, task)).At("experts"), level.Expert, level.own(task.Name), own[t]))
			columns = append(columns, numbered(task.Name, level.own(task.Name))...)
		}
		rows, means := names, []*graph.Node(nil)
		gated := func(scope *model.Scope, features []*graph.Node, sees func(group int) bool) []*graph.Node {
			h, mean := p.gated(scope.At("gate"), inputs, features, groups, sees)
			means = append(means, mean)
			return []*graph.Node{h}
		}
		for t, task := range tasks {
			own[t] = gated(at(ofTask(scope, task)), own[t], func(group int) bool { return group == 0 || group == t+1 })
		}
		if i < len(p.Levels)-1 {
			common = gated(shared, common, func(int) bool { return true })
			rows = append(slices.Clone(names), mtl.SharedScope)
		}
		reportGates(i, rows, columns, means)
	}
	features := make([]*graph.Node, len(tasks))
	for t := range features {
		features[t] = own[t][0]
	}
	return features
}

// gated returns the mixture of those groups of experts that a gate sees, and the gate's mean over the batch, with zeros for the experts that it does not see.
func (p PLE) gated(scope *model.Scope, inputs, features, groups []*graph.Node, sees func(group int) bool) (h, mean *graph.Node) {
	seen := 0
	for i, group := range groups {
		if sees(i) {
			seen += group.Shape().Dim(1)
		}
	}
	weights := softmaxGate(scope, p.Gate.of(scope, inputs, features), seen)
	var means []*graph.Node
	for i, group := range groups {
		count := group.Shape().Dim(1)
		if !sees(i) {
			means = append(means, graph.Zeros(group.Graph(), shapes.Make(weights.DType(), count)))
			continue
		}
		part := graph.SliceAxis(weights, 1, graph.AxisRangeFromStart(count))
		if seen -= count; seen > 0 {
			weights = graph.SliceAxis(weights, 1, graph.AxisRangeToEnd(count))
		}
		means = append(means, graph.ReduceMean(part, 0))
		if h == nil {
			h = mix(part, group)
		} else {
			h = graph.Add(h, mix(part, group))
		}
	}
	return h, graph.Concatenate(means, 0)
}

func (l ExpertLevel) own(task string) int {
	if count, found := l.OwnOf[task]; found {
		return count
	}
	return orDefault(l.Own, 1)
}

func (l ExpertLevel) check(what string, i int, names []string) {
	if l.Expert == nil {
		panicf("level %d of %s has no experts: set Expert, for example to arch.Dense{Widths: []int{16}}", i, what)
	}
	if l.Shared < 0 || l.Own < 0 {
		panicf("level %d of %s has %d shared experts and %d of each task; wanted 1 or more, or 0 for 1", i, what, l.Shared, l.Own)
	}
	for name, count := range l.OwnOf {
		if !slices.Contains(names, name) || count < 1 {
			panicf("OwnOf of level %d of %s gives task %q %d own experts; wanted 1 or more for one of the tasks %q", i, what, name, count, names)
		}
	}
}
