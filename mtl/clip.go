package mtl

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

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
