package mtl

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

type weightedOptimizer struct {
	weighting Weighting
	base      optimizer.Interface
}

// UpdateGraph implements optimizer.Interface. The given loss (the plain sum) is replaced by the weighted one.
func (o *weightedOptimizer) UpdateGraph(scope *model.Scope, g *graph.Graph, _ *graph.Node) {
	kept, found := model.GetGraphParam(g, lossesKey)
	if !found {
		panicf("no task losses in this graph: give the trainer Model.Loss as its loss function")
	}
	losses := kept.(*taskLosses)
	step := &Step{
		Scope:         scope.Store().Scope("/" + stateScope),
		Names:         losses.names,
		Losses:        losses.values,
		Active:        losses.active,
		StepsPerEpoch: stepsPerEpoch(g),
		scalars:       losses.scalars,
	}
	weights := losses.active
	if o.weighting != nil {
		weights = o.weighting.Weights(step)
		if weights.Rank() != 1 || weights.Shape().Dimensions[0] != step.Tasks() {
			panicf("weighting %T returned weights shaped %s for %d tasks; wanted [%d]", o.weighting, weights.Shape(), step.Tasks(), step.Tasks())
		}
		weights = graph.Mul(weights, losses.active)
	}
	model.SetGraphParam(g, weightsKey, weights)
	total := graph.ReduceAllSum(graph.Mul(weights, losses.values))
	if step.penalty != nil {
		total = graph.Add(total, step.penalty)
	}
	if regularization := train.GetRegularizationLoss(g); regularization != nil {
		total = graph.Add(total, regularization)
	}
	o.base.UpdateGraph(scope, g, total)
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

// ClipByGlobalNorm wraps an optimiser so that the gradient of all trainable variables, taken as one vector g, is scaled to
// g·min(1, maxNorm/‖g‖) before base uses it (Pascanu et al., 2013, algorithm 1).
func ClipByGlobalNorm(maxNorm float64, base optimizer.Interface) optimizer.Interface {
	return &clippedOptimizer{maxNorm: maxNorm, base: base}
}

type clippedOptimizer struct {
	maxNorm float64
	base    optimizer.Interface
}

func (o *clippedOptimizer) UpdateGraph(scope *model.Scope, _ *graph.Graph, total *graph.Node) {
	o.UpdateGraphWithGradients(scope, scope.BuildTrainableVariablesGradientsGraph(total), total.DType())
}

// UpdateGraphWithGradients implements train.OptimizeWithGradients.
func (o *clippedOptimizer) UpdateGraphWithGradients(scope *model.Scope, gradients []*graph.Node, lossDType dtypes.DType) {
	base, ok := o.base.(train.OptimizeWithGradients)
	if !ok {
		panicf("optimiser %T takes no gradients, so they cannot be clipped: use one that implements train.OptimizeWithGradients", o.base)
	}
	var square *graph.Node
	for _, d := range gradients {
		part := graph.ConvertDType(graph.ReduceAllSum(graph.Square(d)), lossDType)
		if square == nil {
			square = part
		} else {
			square = graph.Add(square, part)
		}
	}
	one := graph.OnesLike(square)
	// max(‖g‖, maxNorm) in the denominator keeps a zero gradient zero instead of 0/0.
	scale := graph.Div(graph.MulScalar(one, o.maxNorm), graph.MaxScalar(graph.Sqrt(square), o.maxNorm))
	for i, d := range gradients {
		gradients[i] = graph.Mul(d, graph.ConvertDType(scale, d.DType()))
	}
	base.UpdateGraphWithGradients(scope, gradients, lossDType)
}

func (o *clippedOptimizer) Clear(scope *model.Scope) error { return o.base.Clear(scope) }
