package transfer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomtl/gomtl/mtl"
)

// Anchored is an optimiser that draws the variables to their anchors: it adds Strength·F∘(w − w₀) to the gradient of each anchored variable, the gradient of
//
//	Strength/2 · Σ_i F_i·(w_i − w₀_i)²  +  Decay/2 · Σ_j w_j²
//
// whose second sum is over the trained variables without an anchor, before Base uses it. After Anchor, with F = 1, that is L2-SP (Li, Grandvalet and Davoine,
// "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", ICML 2018), whose α and β are Strength and Decay. After AnchorBy with Fisher it is elastic weight
// consolidation (Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 2017), whose λ is Strength. The penalty comes after the weighting: no
// method that combines task gradients sees it.
//
// Strength is the hyper-parameter "transfer/strength" and Decay "transfer/decay".
type Anchored struct {
	// Base takes the gradients.
	Base optimizer.Interface
	// Strength of the anchors; 0 means 1.
	Strength float64
	// Decay of the variables without an anchor, such as new heads; 0 means none.
	Decay float64
}

// UpdateGraph implements optimizer.Interface.
func (o Anchored) UpdateGraph(scope *model.Scope, _ *graph.Graph, total *graph.Node) {
	o.UpdateGraphWithGradients(scope, scope.BuildTrainableVariablesGradientsGraph(total), total.DType())
}

// UpdateGraphWithGradients implements train.OptimizeWithGradients.
func (o Anchored) UpdateGraphWithGradients(scope *model.Scope, gradients []*graph.Node, lossDType dtypes.DType) {
	base := withGradients("transfer.Anchored", o.Base)
	if o.Strength < 0 || o.Decay < 0 {
		panicf("transfer.Anchored has Strength %v and Decay %v; wanted numbers of 0 or more", o.Strength, o.Decay)
	}
	if len(gradients) == 0 {
		panicf("transfer.Anchored got no gradients: is everything frozen?")
	}
	g, store := gradients[0].Graph(), scope.Store()
	strength := o.Strength
	if strength == 0 {
		strength = 1
	}
	own := store.Scope("/transfer")
	anchors := 0
	for i, v := range trained(scope, g) {
		at, by := store.GetVariable(anchorOf(v.Path(), "value")), store.GetVariable(anchorOf(v.Path(), "importance"))
		w := v.NodeValue(g)
		var term *graph.Node
		switch {
		case at != nil && by != nil:
			anchors++
			pull := graph.Mul(by.SetTrainable(false).NodeValue(g), graph.Sub(w, at.SetTrainable(false).NodeValue(g)))
			term = graph.Mul(mtl.LayerParameter(own, g, v.DType(), "strength", strength), pull)
		case o.Decay > 0 && v.DType().IsFloat():
			term = graph.Mul(mtl.LayerParameter(own, g, v.DType(), "decay", o.Decay), w)
		default:
			continue
		}
		gradients[i] = graph.Add(gradients[i], graph.ConvertDType(term, gradients[i].DType()))
	}
	if anchors == 0 {
		panicf("transfer.Anchored: no trained variable has an anchor: call transfer.Anchor or transfer.AnchorBy on FitOptions.Store before Fit")
	}
	base.UpdateGraphWithGradients(scope, gradients, lossDType)
}

// Clear implements optimizer.Interface; anchors stay.
func (o Anchored) Clear(scope *model.Scope) error { return o.Base.Clear(scope) }
