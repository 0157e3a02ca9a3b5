package arch

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
)

// Adapters gives each task its own bottlenecks in a shared trunk: y + U_t·φ(D_t·y + d_t) + u_t after each layer of Dense, unit of Conv or
// Residual (on each pixel), or sublayer of Transformer before it is added to its input, with D_t [features, Width] and U_t [Width, features]
// (Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019). Weights start normal with deviation 0.01, offsets at 0,
// so that all tasks start near the trunk. There is one pass through the trunk a task; a unit of d features stores 2·d·Width + d + Width numbers a task.
// The paper also trains a layer normalisation for each task; here it stays the trunk's.
//
// The trunk's own variables stay in scope "shared" and are meant to be frozen, with mtl.Freeze(store, "shared"), after a model that was trained
// or loaded before; unfrozen, they are trained by all tasks. The bottlenecks are "task/NAME/adapter/UNIT/down" and ".../up".
type Adapters struct {
	// Trunk is one of this package, or a Sequence or TrunkFunc with one of them inside.
	Trunk Trunk
	// Width of the bottleneck; 0 means 64.
	Width int
	// Activation φ; nil means ReLU.
	Activation Activation
	// Units tells which units get a bottleneck, by their path below "shared", such as "layer_0" of Dense or "layer_0/attention" of
	// Transformer; nil means all.
	Units func(unit string) bool
}

// adapterDeviation is the paper's; it also truncates the distribution at two deviations.
const adapterDeviation = 0.01

// Features implements mtl.Architecture.
func (a Adapters) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	width := orDefault(a.Width, 64)
	if width < 0 {
		panicf("arch.Adapters has Width %d; wanted 1 or more", a.Width)
	}
	l := layer{activation: a.Activation}
	return passes("arch.Adapters", a.Trunk, scope, inputs, tasks, "adapter", func() *taskPass {
		return &taskPass{choose: a.Units, adapt: func(at *model.Scope, y *graph.Node) *graph.Node {
			at = at.WithInitializer(nearZero(at))
			hidden := l.activate(at, layers.DenseWithBias(at.At("down"), y, width))
			return graph.Add(y, layers.DenseWithBias(at.At("up"), hidden, y.Shape().Dim(-1)))
		}}
	})
}

// nearZero makes weights normal with a small deviation and biases 0.
func nearZero(scope *model.Scope) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		if shape.Rank() < 2 {
			return graph.Zeros(g, shape)
		}
		return graph.MulScalar(scope.RandomNormal(g, shape), adapterDeviation)
	}
}
