package mtl

import (
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Optimizer wraps an optimiser so that each step follows the gradient that w combines, plus that of the regularisation. It drops into any GoMLX
// train.Trainer whose model and loss functions are Model.Graph and Model.Loss. With a loss weighting that is the gradient of Σ_t w_t·L_t. A gradient
// method needs a base that implements train.OptimizeWithGradients, as GoMLX's do; Gradients sets where gradients are taken and what the heads
// get. A nil weighting means equal weights of 1.
func Optimizer(w Weighting, base optimizer.Interface) optimizer.Interface {
	return &weightedOptimizer{weighting: w, base: base}
}

type weightedOptimizer struct {
	weighting Weighting
	base      optimizer.Interface
}

// UpdateGraph implements optimizer.Interface. The given loss (the plain sum) is replaced by the combination of the task losses.
func (o *weightedOptimizer) UpdateGraph(scope *model.Scope, g *graph.Graph, _ *graph.Node) {
	kept, found := model.GetGraphParam(g, lossesKey)
	if !found {
		panicf("no task losses in this graph: give the trainer Model.Loss as its loss function")
	}
	losses, config := kept.(*taskLosses), configure(o.weighting)
	step := newStep(scope.Store(), losses)
	groups := groupSteps(step, losses, config.Target.groups(step, losses))
	losses.announce(step, groups)
	for _, group := range groups {
		group.weights = config.weights(group.Step)
		config.check(group.Step)
	}
	weights := meanWeights(groups)
	model.SetGraphParam(g, weightsKey, weights)
	model.SetGraphParam(g, jacobianKey, jacobianBytes(groups))
	extra := objectives(train.GetRegularizationLoss(g), groups)
	_, whole := losses.derivative.(wholePass)
	switch oneLoss := !groups[0].UsesGradients() && groups[0].direction == nil && config.Heads == WeightedHeads; {
	case oneLoss && whole:
		o.base.UpdateGraph(scope, g, sum(graph.ReduceAllSum(graph.Mul(weights, losses.values)), extra))
	case oneLoss:
		variables := step.ModelVariables()
		o.update(scope, losses, config, groups, extra, byVariable(variables, losses.combined(weights, nodesOf(g, variables))))
	default:
		o.update(scope, losses, config, groups, extra, sharedGradient(losses, config, groups, step.SharedVariables()))
	}
	var after *Step
	for _, group := range groups {
		if group.after != nil && after == nil {
			after = step.Evaluate(0, 1, nil)
		}
		if group.after != nil {
			group.after(after)
		}
	}
}

// update assembles the gradient of every trainable variable and hands it to the base optimiser. combined holds those gradients that are there already.
func (o *weightedOptimizer) update(scope *model.Scope, losses *taskLosses, config Gradients, groups []*groupStep, extra *graph.Node, combined map[*model.Variable]*graph.Node) {
	base, ok := o.base.(train.OptimizeWithGradients)
	if !ok {
		panicf("optimiser %T takes no gradients, which weighting %s needs: use one that implements train.OptimizeWithGradients", o.base, describeWeighting(o.weighting))
	}
	g := losses.values.Graph()
	variables := trainableVariables(scope, g)
	nodes := nodesOf(g, variables)
	total := make([]*graph.Node, len(variables))
	add := func(i int, term *graph.Node) { total[i] = sum(total[i], term) }

	if extra != nil {
		for i, d := range graph.Gradient(extra, nodes...) {
			add(i, d)
		}
	}
	var own, others []int // the weighting's variables, and those of the heads
	for i, v := range variables {
		switch {
		case combined[v] != nil:
			add(i, combined[v])
		case ofWeighting(v):
			own = append(own, i)
		default:
			others = append(others, i)
		}
	}
	// Heads, and the variables of a loss weighting that its weights carry gradients to.
	factors := mean(groups, func(group *groupStep) *graph.Node { return config.headFactors(group.Step, group.weights) })
	if len(own) > 0 && !groups[0].UsesGradients() {
		value := graph.ReduceAllSum(graph.Mul(groups[0].weights, graph.StopGradient(losses.values)))
		for k, d := range graph.Gradient(value, pick(nodes, own)...) {
			add(own[k], d)
		}
	}
	for t, l := range losses.scalars {
		reached := ancestors(l)
		var heads []int
		for _, i := range others {
			if reached[nodes[i]] {
				heads = append(heads, i)
			}
		}
		if len(heads) == 0 {
			continue
		}
		factor := element(factors, t)
		for k, d := range losses.of(t, pick(nodes, heads)) {
			// A task that is left out leaves its head alone, also where its gradient is not a number.
			d = graph.Where(graph.Equal(factor, graph.ZerosLike(factor)), graph.ZerosLike(d), graph.Mul(graph.ConvertDType(factor, d.DType()), d))
			add(heads[k], d)
		}
	}
	for i := range total {
		if total[i] == nil {
			total[i] = graph.ZerosLike(nodes[i])
		}
	}
	base.UpdateGraphWithGradients(scope, total, losses.values.DType())
}

// sharedGradient returns the combined gradient of each shared variable.
func sharedGradient(losses *taskLosses, config Gradients, groups []*groupStep, shared []*model.Variable) map[*model.Variable]*graph.Node {
	combined := map[*model.Variable]*graph.Node{}
	set := func(variables []*model.Variable, gradients []*graph.Node) {
		maps.Copy(combined, byVariable(variables, gradients))
	}
	g := losses.values.Graph()
	backward := func(weights *graph.Node, variables []*model.Variable) []*graph.Node {
		return losses.combined(weights, nodesOf(g, variables))
	}
	for _, group := range groups {
		onParameters := len(group.variables) > 0
		switch {
		case group.direction != nil && onParameters:
			set(group.variables, group.direction)
		case group.direction != nil:
			set(shared, throughRepresentation(group, nodesOf(g, shared)))
		case onParameters && group.UsesGradients() && config.Memory == StoreGradients:
			set(group.variables, group.Combine(group.weights))
		case onParameters:
			set(group.variables, backward(group.weights, group.variables))
		}
	}
	var rest []*model.Variable
	for _, v := range shared {
		if combined[v] == nil {
			rest = append(rest, v)
		}
	}
	if len(rest) > 0 {
		set(rest, backward(groups[0].weights, rest))
	}
	return combined
}

func byVariable(variables []*model.Variable, gradients []*graph.Node) map[*model.Variable]*graph.Node {
	found := map[*model.Variable]*graph.Node{}
	for i, v := range variables {
		found[v] = gradients[i]
	}
	return found
}

// throughRepresentation carries a direction on the representation, one cotangent a node, back through the trunk.
func throughRepresentation(group *groupStep, nodes []*graph.Node) []*graph.Node {
	var value *graph.Node
	for k, z := range group.nodes {
		if len(group.direction) != len(group.nodes) || !group.direction[k].Shape().EqualDimensions(z.Shape()) {
			panicf("the method's direction is not shaped like the representation, as of methods on parts of the batch: use another target than %T", Representation{})
		}
		value = sum(value, graph.ReduceAllSum(graph.Mul(z, graph.StopGradient(group.direction[k]))))
	}
	return graph.Gradient(value, nodes...)
}

// jacobianBytes is the size of the task gradients that methods asked for: T times that of the shared parameters, or of the representation.
func jacobianBytes(groups []*groupStep) (bytes int64) {
	for _, group := range groups {
		if group.UsesGradients() {
			for _, node := range group.nodes {
				bytes += int64(group.Tasks()) * node.Shape().ByteSize()
			}
		}
	}
	return bytes
}

// groupStep is a step on a part of the target.
type groupStep struct {
	*Step
	targetGroup
	weights *graph.Node
}

func groupSteps(step *Step, losses *taskLosses, groups []targetGroup) []*groupStep {
	steps := make([]*groupStep, len(groups))
	for i, group := range groups {
		part := *step
		if group.name != "" {
			part.Scope = step.Scope.At("%s", group.name)
		}
		if part.onRepresentation = len(group.variables) == 0 && len(group.nodes) > 0; part.onRepresentation {
			part.source = &onNodes{losses: losses.scalars, nodes: group.nodes}
		} else {
			part.source, part.evaluate = losses.on(group.nodes), group.evaluate(step)
		}
		steps[i] = &groupStep{Step: &part, targetGroup: group}
	}
	return steps
}

// evaluate is step's, with gradients on the group's variables.
func (group targetGroup) evaluate(step *Step) func(i, n int, values map[*model.Variable]*graph.Node) *Step {
	return func(i, n int, values map[*model.Variable]*graph.Node) *Step {
		nodes := slices.Clone(group.nodes)
		for k, v := range group.variables {
			if value := values[v]; value != nil {
				nodes[k] = value
			}
		}
		return step.evaluate(i, n, values).On(nodes)
	}
}

// meanWeights returns the mean of the groups' weights: what the history gets.
func meanWeights(groups []*groupStep) *graph.Node {
	return mean(groups, func(group *groupStep) *graph.Node { return group.weights })
}

func mean(groups []*groupStep, of func(group *groupStep) *graph.Node) *graph.Node {
	total := of(groups[0])
	for _, group := range groups[1:] {
		total = graph.Add(total, of(group))
	}
	if len(groups) > 1 {
		total = graph.DivScalar(total, len(groups))
	}
	return total
}

// objectives returns regularisation and penalties as one scalar, or nil.
func objectives(regularization *graph.Node, groups []*groupStep) *graph.Node {
	total := regularization
	for _, group := range groups {
		if group.penalty != nil {
			total = sum(group.penalty, total)
		}
	}
	return total
}

// sum adds two nodes, either of which may be nil.
func sum(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return graph.Add(a, b)
}

func pick(nodes []*graph.Node, indices []int) []*graph.Node {
	picked := make([]*graph.Node, len(indices))
	for k, i := range indices {
		picked[k] = nodes[i]
	}
	return picked
}

// ancestors returns what some nodes are computed from, and themselves.
func ancestors(roots ...*graph.Node) map[*graph.Node]bool {
	reached, open := map[*graph.Node]bool{}, slices.Clone(roots)
	for _, root := range roots {
		reached[root] = true
	}
	for len(open) > 0 {
		node := open[len(open)-1]
		open = open[:len(open)-1]
		for _, input := range node.Inputs() {
			if !reached[input] {
				reached[input] = true
				open = append(open, input)
			}
		}
	}
	return reached
}

// Clear implements optimizer.Interface: it removes the weighting's and the base optimiser's variables.
func (o *weightedOptimizer) Clear(scope *model.Scope) error {
	if err := scope.Store().Scope("/" + stateScope).DeleteVariablesInScope(); err != nil {
		return err
	}
	return o.base.Clear(scope)
}

func stepsPerEpoch(g *graph.Graph) int {
	if n, found := model.GetGraphParam(g, epochKey); found {
		return n.(int)
	}
	return 0
}
