package arch

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
)

// Activation is an element-wise function of GoMLX or one's own: activation.Gelu, graph.Tanh, graph.Identity for none.
type Activation func(x *graph.Node) *graph.Node

// Normalization normalises x, with its variables under scope: BatchNorm, LayerNorm, or one's own.
type Normalization func(scope *model.Scope, x *graph.Node) *graph.Node

// Initializer returns the initialiser of the variables below scope: initializer.GlorotUniformFn of GoMLX, or one's own.
type Initializer func(scope *model.Scope) model.VariableInitializer

// layer is what the layers of all trunks have in common.
type layer struct {
	activation    Activation
	normalization Normalization
	dropout       float64
	l1, l2        float64
	initializer   Initializer
}

// scope returns scope with the trunk's initialiser.
func (l layer) scope(scope *model.Scope) *model.Scope {
	if l.initializer == nil {
		return scope
	}
	return scope.WithInitializer(l.initializer(scope))
}

func (l layer) regularizer(scope *model.Scope) regularizer.Regularizer {
	amount := func(own float64, key string) float64 {
		if own != 0 {
			return own
		}
		return model.GetParamOr(scope, key, 0.0)
	}
	return regularizer.Combine(
		regularizer.L1(amount(l.l1, regularizer.ParamL1)),
		regularizer.L2(amount(l.l2, regularizer.ParamL2)),
	)
}

func (l layer) dense(scope *model.Scope, x *graph.Node, width int) *graph.Node {
	// layers.Dense reads its regularisation from the parameters of its scope, "dense".
	own := scope.At("dense")
	if l.l1 != 0 {
		own.SetParam(regularizer.ParamL1, l.l1)
	}
	if l.l2 != 0 {
		own.SetParam(regularizer.ParamL2, l.l2)
	}
	return layers.Dense(l.scope(scope), x, l.normalization == nil, width)
}

func (l layer) convolution(scope *model.Scope, x *graph.Node, channels, kernel, stride int) *graph.Node {
	// Given one by one, because the regularisers that layers.Convolution reads from its scope count L2 twice.
	return layers.Convolution(l.scope(scope), x).Channels(channels).KernelSize(kernel).Strides(stride).PadSame().
		UseBias(l.normalization == nil).Regularizer(l.regularizer(scope)).Done()
}

func (l layer) normalize(scope *model.Scope, x *graph.Node) *graph.Node {
	if l.normalization == nil {
		return x
	}
	return l.normalization(scope, x)
}

// activate applies the activation, then dropout.
func (l layer) activate(scope *model.Scope, x *graph.Node) *graph.Node {
	if l.activation == nil {
		x = ReLU(x)
	} else {
		x = l.activation(x)
	}
	return layers.DropoutStatic(scope, x, l.dropout)
}

func (l layer) check(what string) {
	if !(l.dropout >= 0 && l.dropout < 1) {
		panicf("%s has dropout %v; wanted a rate of 0 or more, below 1", what, l.dropout)
	}
	if !(l.l1 >= 0 && l.l2 >= 0) {
		panicf("%s has L1 %v and L2 %v; wanted amounts of 0 or more", what, l.l1, l.l2)
	}
}
