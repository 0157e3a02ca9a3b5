package arch

import (
	"reflect"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// experts returns what count trunks of one kind, each with its own variables, make of the inputs, [batch, count, ...]. Those of a Dense are computed
// together, by one batched matrix product a layer; any other trunk is built count times, under "expert_0", "expert_1", ....
func experts(scope *model.Scope, trunk Trunk, count int, inputs []*graph.Node) *graph.Node {
	if b, ok := trunk.(BFloat16); ok {
		return b.within(scope, inputs, func() *graph.Node { return experts(scope, b.Trunk, count, inputs) })
	}
	if d, ok := trunk.(Dense); ok {
		many := batch(count)
		return graph.TransposeAllAxes(d.represent(scope, inputs, many.dense, many.normalize), 1, 0, 2)
	}
	outputs := make([]*graph.Node, count)
	for i := range outputs {
		outputs[i] = trunk.Represent(scope.At("expert_%d", i), inputs)
	}
	return graph.Stack(outputs, 1)
}

// batch is how many layers of one shape are computed together. Their outputs are [experts, batch, width], in which each expert's rows lie side by side.
type batch int

// dense is layer.dense with weights [experts, in, width] and biases [experts, width]. x is [batch, in], the same for all, or [experts, batch, in].
func (n batch) dense(l layer, scope *model.Scope, x *graph.Node, width int) *graph.Node {
	g, own := x.Graph(), l.scope(scope).At("dense")
	own = own.WithInitializer(n.each(own.Initializer()))
	weights := own.VariableWithShape("weights", shapes.Make(x.DType(), int(n), x.Shape().Dim(-1), width))
	l1, l2 := l.amounts(own, g)
	if add := regularizer.Combine(regularizer.L1(l1), l.square(l2)); add != nil {
		add(g, weights)
	}
	x = multiply(scope, x, weights.NodeValue(g), func(x, weights *graph.Node) *graph.Node {
		if x.Rank() == 2 {
			return graph.TransposeAllAxes(dot(x, weights).General([]int{1}, nil, []int{1}, nil), 1, 0, 2)
		}
		return dot(x, weights).General([]int{2}, []int{0}, []int{1}, []int{0})
	})
	if l.normalization == nil {
		x = graph.Add(x, graph.InsertAxes(own.VariableWithShape("biases", shapes.Make(x.DType(), int(n), width)).NodeValue(g), 1))
	}
	return x
}

// normalize normalises each expert's rows on their own. For BatchNorm and LayerNorm that is one operation, with a scale and an offset for each expert's features. Any
// other normalisation is applied to one expert after the other, under "expert_0", "expert_1", ...: as many times longer to compile.
func (n batch) normalize(l layer, scope *model.Scope, x *graph.Node) *graph.Node {
	is := func(known Normalization) bool {
		return reflect.ValueOf(l.normalization).Pointer() == reflect.ValueOf(known).Pointer()
	}
	switch {
	case l.normalization == nil:
		return x
	case is(BatchNorm):
		rows := graph.TransposeAllAxes(x, 1, 0, 2)
		return graph.TransposeAllAxes(graph.ReshapeWithShape(BatchNorm(scope, mtl.Flatten(rows)), rows.Shape()), 1, 0, 2)
	case is(LayerNorm):
		x = norm.LayerNorm(scope, x, -1).LearnedGain(false).LearnedOffset(false).Done()
		own, shape := scope.At("layer_normalization"), shapes.Make(x.DType(), int(n), x.Shape().Dim(-1))
		gain := own.WithInitializer(initializer.One).VariableWithShape("gain", shape).NodeValue(x.Graph())
		offset := own.WithInitializer(initializer.Zero).VariableWithShape("offset", shape).NodeValue(x.Graph())
		return graph.Add(graph.Mul(x, graph.InsertAxes(gain, 1)), graph.InsertAxes(offset, 1))
	}
	rows := make([]*graph.Node, n)
	for i := range rows {
		rows[i] = l.normalization(scope.At("expert_%d", i), graph.Squeeze(graph.SliceAxis(x, 0, graph.AxisElem(i)), 0))
	}
	return graph.Stack(rows, 0)
}

// each initialises every expert's part of a variable on its own: of [experts, in, out] an initialiser would take the experts for pixels of a kernel, whose
// number divides the variance.
func (n batch) each(initialize model.VariableInitializer) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		parts := make([]*graph.Node, n)
		for i := range parts {
			parts[i] = initialize(g, shapes.Make(shape.DType, shape.Dimensions[1:]...))
		}
		return graph.Stack(parts, 0)
	}
}
