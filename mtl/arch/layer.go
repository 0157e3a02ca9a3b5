package arch

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/mtl"
)

// Activation is an element-wise function of GoMLX or one's own: activation.Gelu, graph.Tanh, graph.Identity for none.
type Activation func(x *graph.Node) *graph.Node

// Normalization normalises x, with its variables under scope: BatchNorm, LayerNorm, or one's own.
type Normalization func(scope *model.Scope, x *graph.Node) *graph.Node

// Initializer returns the initialiser of the variables below scope: initializer.GlorotUniformFn of GoMLX, or one's own.
type Initializer func(scope *model.Scope) model.VariableInitializer

// layer is what the layers of all trunks have in common.
type layer struct {
	trunk         *model.Scope
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

// amounts are the layer's own L1 and L2, or what the parameters of the scope say.
func (l layer) amounts(scope *model.Scope, g *graph.Graph) (l1, l2 float64) {
	if !regularized(scope, g) {
		return 0, 0
	}
	if l1 = l.l1; l1 == 0 {
		l1 = model.GetParamOr(scope, regularizer.ParamL1, 0.0)
	}
	if l2 = l.l2; l2 == 0 {
		l2 = model.GetParamOr(scope, regularizer.ParamL2, 0.0)
	}
	return l1, l2
}

// square adds amount·Σw² to the objective; the amount is a hyper-parameter of the trunk, which GoMLX's own regulariser would build in.
func (l layer) square(amount float64) regularizer.Regularizer {
	if amount == 0 {
		return nil
	}
	return func(g *graph.Graph, weights ...*model.Variable) {
		for _, w := range weights {
			value := w.NodeValue(g)
			factor := mtl.LayerParameter(l.trunk, g, value.DType(), "l2", amount)
			train.AddRegularizationLoss(graph.Mul(factor, graph.ReduceAllSum(graph.Square(value))))
		}
	}
}

func (l layer) dense(scope *model.Scope, x *graph.Node, width int) *graph.Node {
	y := l.plainDense(scope, x, width, l.normalization == nil)
	return addTo(scope, y, func(at *model.Scope, rank int) *graph.Node { return layer{trunk: at}.plainDense(at, x, rank, false) })
}

func (l layer) plainDense(scope *model.Scope, x *graph.Node, width int, bias bool) *graph.Node {
	if rounds(scope, x.Graph()) {
		return l.layerOf(scope, "dense", x, []int{x.Shape().Dim(-1), width}, bias, func(x, weights *graph.Node) *graph.Node {
			return dot(x, weights).General([]int{-1}, nil, []int{0}, nil)
		})
	}
	// layers.Dense reads its regularisation from the parameters of its scope, "dense", which stay there: the amounts are those of the scope above.
	own := scope.At("dense")
	l1, l2 := l.amounts(scope, x.Graph())
	own.SetParam(regularizer.ParamL1, l1)
	own.SetParam(regularizer.ParamL2, 0.0)
	x = layers.Dense(l.scope(scope), x, bias, width)
	if add := l.square(l2); add != nil {
		add(x.Graph(), own.Store().GetVariable(model.JoinPath(own.Scope(), "weights")))
	}
	return x
}

func (l layer) convolution(scope *model.Scope, x *graph.Node, channels, kernel, stride int) *graph.Node {
	y := l.plainConvolution(scope, x, channels, kernel, stride, l.normalization == nil)
	return addTo(scope, y, func(at *model.Scope, rank int) *graph.Node {
		return layer{trunk: at}.plainConvolution(at, x, rank, kernel, stride, false)
	})
}

func (l layer) plainConvolution(scope *model.Scope, x *graph.Node, channels, kernel, stride int, bias bool) *graph.Node {
	if rounds(scope, x.Graph()) {
		dims := slices.Repeat([]int{kernel}, x.Rank()-2)
		return l.layerOf(scope, "conv", x, append(dims, x.Shape().Dim(-1), channels), bias, func(x, weights *graph.Node) *graph.Node {
			return graph.Convolve(x, weights).Strides(stride).PadSame().Done()
		})
	}
	// layers.Convolution adds the L2 of the parameters of its scope, "conv", to the regulariser that it is given.
	l1, l2 := l.amounts(scope, x.Graph())
	scope.At("conv").SetParam(regularizer.ParamL2, 0.0)
	return layers.Convolution(l.scope(scope), x).Channels(channels).KernelSize(kernel).Strides(stride).PadSame().
		UseBias(bias).Regularizer(regularizer.Combine(regularizer.L1(l1), l.square(l2))).Done()
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
	return l.drop(scope, x)
}

// drop applies dropout.
func (l layer) drop(scope *model.Scope, x *graph.Node) *graph.Node {
	if l.dropout == 0 {
		return x
	}
	return layers.Dropout(scope, x, mtl.LayerParameter(l.trunk, x.Graph(), dtypes.Float32, "dropout", l.dropout))
}

func (l layer) check(what string) {
	if !(l.dropout >= 0 && l.dropout < 1) {
		panicf("%s has dropout %v; wanted a rate of 0 or more, below 1", what, l.dropout)
	}
	if !(l.l1 >= 0 && l.l2 >= 0) {
		panicf("%s has L1 %v and L2 %v; wanted amounts of 0 or more", what, l.l1, l.l2)
	}
}
