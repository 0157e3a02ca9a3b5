package transfer

import (
	"math"
	"path"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
)

// LayerRates is an optimiser whose learning rate falls from the heads down to the inputs, "discriminative fine-tuning" (Howard and Ruder, ACL 2018): the top layer of the trunk
// has Decay times the rate of the heads, the one below it Decay² times, and so on. It scales the updates of Base, whatever that is: new = old + f·(updated − old).
//
// The factor f of a layer is the hyper-parameter "<its first path>/rate", such as "shared/layer_0/dense/rate": mtl.SetHyperparameter and
// RunOptions.Hyperparameters change it without a compilation, and 0 keeps the layer bit by bit as it is. (Moving averages of batch normalisation are no
// update of an optimiser: mtl.Freeze keeps them.)
type LayerRates struct {
	// Base makes the updates.
	Base optimizer.Interface
	// Decay is the ratio of a layer's rate to that of the layer above; 0 means 1/2.6, the paper's.
	Decay float64
	// Layers from the inputs up, each a list of paths; nil means those of the function Layers.
	Layers [][]string
}

// UpdateGraph implements optimizer.Interface.
func (o LayerRates) UpdateGraph(scope *model.Scope, g *graph.Graph, total *graph.Node) {
	o.scaled(scope, g, func() { o.Base.UpdateGraph(scope, g, total) })
}

// UpdateGraphWithGradients implements train.OptimizeWithGradients.
func (o LayerRates) UpdateGraphWithGradients(scope *model.Scope, gradients []*graph.Node, lossDType dtypes.DType) {
	if len(gradients) == 0 {
		panicf("transfer.LayerRates got no gradients: is everything frozen?")
	}
	base := withGradients("transfer.LayerRates", o.Base)
	o.scaled(scope, gradients[0].Graph(), func() { base.UpdateGraphWithGradients(scope, gradients, lossDType) })
}

// withGradients is an optimiser that takes gradients.
func withGradients(what string, base optimizer.Interface) train.OptimizeWithGradients {
	taking, ok := base.(train.OptimizeWithGradients)
	if !ok {
		panicf("%s has the base %T, which takes no gradients: use one that implements train.OptimizeWithGradients", what, base)
	}
	return taking
}

// scaled lets update change the variables, then takes back a part.
func (o LayerRates) scaled(scope *model.Scope, g *graph.Graph, update func()) {
	if o.Decay < 0 {
		panicf("transfer.LayerRates has Decay %v; wanted a ratio of 0 or more", o.Decay)
	}
	variables := trained(scope, g)
	before := make([]*graph.Node, len(variables))
	for i, v := range variables {
		before[i] = v.NodeValue(g)
	}
	update()
	decay := o.Decay
	if decay == 0 {
		decay = 1 / 2.6
	}
	layers := o.Layers
	if layers == nil {
		layers = layersOf(scope.Store(), []string{mtl.SharedScope})
	}
	for k, layer := range layers {
		for i, v := range variables {
			if !under(v.Path(), layer) {
				continue
			}
			old, dtype := before[i], v.DType()
			f := mtl.LayerParameter(scope.Store().Scope(path.Clean("/"+layer[0])), g, dtype, "rate", math.Pow(decay, float64(len(layers)-k)))
			next := graph.Add(old, graph.Mul(f, graph.Sub(v.NodeValue(g), old)))
			// Also where the update is not a number.
			v.SetNodeValue(graph.Where(graph.Equal(f, graph.ZerosLike(f)), old, next))
		}
	}
}

// trained are the variables that an optimiser updates, in its order.
func trained(scope *model.Scope, g *graph.Graph) (variables []*model.Variable) {
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			variables = append(variables, v)
		}
	}
	return variables
}

// Clear implements optimizer.Interface.
func (o LayerRates) Clear(scope *model.Scope) error { return o.Base.Clear(scope) }
