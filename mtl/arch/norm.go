package arch

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// LayerNorm normalises each example (and pixel) over its last axis, the features, with a learnt gain and offset (Ba, Kiros and Hinton, 2016).
func LayerNorm(scope *model.Scope, x *graph.Node) *graph.Node {
	checkFeatures("arch.LayerNorm", x)
	return norm.LayerNorm(scope, x, -1).Done()
}

// LayerNormEpsilon is LayerNorm with another number than GoMLX's 1e-3 added to the variance: PyTorch has 1e-5, BERT 1e-12.
func LayerNormEpsilon(epsilon float64) Normalization {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		checkFeatures("arch.LayerNormEpsilon", x)
		return norm.LayerNorm(scope, x, -1).Epsilon(epsilon).Done()
	}
}

// checkFeatures panics where a feature would be normalised by itself, to 0.
func checkFeatures(name string, x *graph.Node) {
	if x.Shape().Dim(-1) < 2 {
		panicf("%s normalises the features of an example and got %s, with one feature, which would always be 0; wanted 2 or more", name, x.Shape())
	}
}

// Keras's and GoMLX's constants.
const (
	batchNormMomentum = 0.99
	batchNormEpsilon  = 1e-3
)

// BatchNorm normalises each feature (last axis) by its mean and variance over all other axes, with a learnt scale and offset (Ioffe and
// Szegedy, 2015). Evaluation uses moving averages of the two, with momentum 0.99, or the plain mean over the steps so far while that is
// the faster. Layout and constants are those of GoMLX's norm.BatchNorm, written with operations that both backends have: the
// pure-Go one has no batch-normalisation operation, and GoMLX's substitute leaves the gradient through the statistics out. Where mtl.Freeze has frozen it, training too uses
// the moving averages and leaves them alone. Training with a single value of each feature is an error.
func BatchNorm(scope *model.Scope, x *graph.Node) *graph.Node {
	return batchNorm(scope, x, batchNormEpsilon)
}

// BatchNormEpsilon is BatchNorm with another number than 1e-3 added to the variance: PyTorch has 1e-5.
func BatchNormEpsilon(epsilon float64) Normalization {
	return func(scope *model.Scope, x *graph.Node) *graph.Node { return batchNorm(scope, x, epsilon) }
}

func batchNorm(scope *model.Scope, x *graph.Node, epsilon float64) *graph.Node {
	g := x.Graph()
	scope = scope.At(norm.BatchNormalizationScopeName)
	shape := shapes.Make(x.DType(), x.Shape().Dim(-1))
	ones, zeros := scope.WithInitializer(initializer.One), scope.WithInitializer(initializer.Zero)
	scale := ones.VariableWithShape("scale", shape).NodeValue(g)
	offset := zeros.VariableWithShape("offset", shape).NodeValue(g)
	meanVar := zeros.VariableWithShape("mean", shape).SetTrainable(false)
	varianceVar := ones.VariableWithShape("variance", shape).SetTrainable(false)
	stepsVar := zeros.VariableWithShape("avg_weight", shape).SetTrainable(false)

	mean, variance := meanVar.NodeValue(g), varianceVar.NodeValue(g)
	rows := graph.Reshape(x, -1, shape.Dim(0))
	if scope.IsTraining(g) && !mtl.Frozen(scope) {
		if rows.Shape().Dim(0) < 2 {
			panicf("arch.BatchNorm at %s would normalise one value by itself in training, to 0: it got %s; use a larger FitOptions.BatchSize, parts (Accumulate, or those that the "+
				"weighting takes) of more than one example, or arch.LayerNorm", scope.Scope(), x.Shape())
		}
		mean = graph.ReduceMean(rows, 0)
		variance = graph.ReduceMean(graph.Square(graph.Sub(rows, graph.InsertAxes(mean, 0))), 0)
		steps := graph.OnePlus(stepsVar.NodeValue(g))
		stepsVar.SetNodeValue(steps)
		momentum := graph.MinScalar(graph.OneMinus(graph.Reciprocal(steps)), batchNormMomentum)
		average := func(v *model.Variable, batch *graph.Node) {
			old := v.NodeValue(g)
			v.SetNodeValue(graph.Add(old, graph.Mul(graph.OneMinus(momentum), graph.Sub(graph.StopGradient(batch), old))))
		}
		average(meanVar, mean)
		average(varianceVar, variance)
	}
	factor := graph.Div(scale, graph.Sqrt(graph.AddScalar(variance, epsilon)))
	rows = graph.Add(graph.Mul(graph.Sub(rows, graph.InsertAxes(mean, 0)), graph.InsertAxes(factor, 0)), graph.InsertAxes(offset, 0))
	return graph.ReshapeWithShape(rows, x.Shape())
}
