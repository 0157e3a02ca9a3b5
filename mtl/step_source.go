package mtl

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// gradientSource is where task gradients come from. Nothing in it is masked.
type gradientSource interface {
	// gradients returns the Jacobian by rows, [T][vector].
	gradients() [][]*graph.Node
	// gramian returns the rows' inner products, [T, T].
	gramian() *graph.Node
	// values returns the losses that the gradients are of, [T]; ask after these.
	values() *graph.Node
	// combine returns Σ_t w_t·row_t over the usable tasks, for weights and usable [T].
	combine(weights, usable *graph.Node) []*graph.Node
}

// onNodes takes each loss's gradient on some nodes: T backward passes, built when first asked for.
type onNodes struct {
	losses, nodes []*graph.Node
	built         []taskVectors
}

// taskVectors are the gradients of all tasks on one node.
type taskVectors interface {
	// all returns them as they are, [T] of the node's shape.
	all() []*graph.Node
	gramian() *graph.Node
	combine(weights, usable *graph.Node) *graph.Node
}

func (o *onNodes) vectors() []taskVectors {
	if o.built != nil {
		return o.built
	}
	if len(o.nodes) == 0 {
		panicf("the model has no trainable parameters under scope %q, so there are no task gradients to combine", SharedScope)
	}
	// A weight matrix is left out of the backward passes: what reaches the output of its layer says all.
	layers, targets := denseLayers(o.losses, o.nodes), slices.Clone(o.nodes)
	for k, layer := range layers {
		if layer != nil {
			targets[k] = layer.output
		}
	}
	cotangents := make([][]*graph.Node, len(targets))
	for _, l := range o.losses {
		for k, d := range graph.Gradient(l, targets...) {
			cotangents[k] = append(cotangents[k], d)
		}
	}
	for k, layer := range layers {
		if layer != nil {
			o.built = append(o.built, layer.vectors(cotangents[k]))
		} else {
			o.built = append(o.built, stored(cotangents[k]))
		}
	}
	return o.built
}

func (o *onNodes) values() *graph.Node { return graph.Stack(o.losses, 0) }

func (o *onNodes) scalars() []*graph.Node { return o.losses }

func (o *onNodes) gradients() [][]*graph.Node {
	rows := make([][]*graph.Node, len(o.losses))
	for _, v := range o.vectors() {
		for t, d := range v.all() {
			rows[t] = append(rows[t], d)
		}
	}
	return rows
}

func (o *onNodes) gramian() (total *graph.Node) {
	for _, v := range o.vectors() {
		total = sum(total, v.gramian())
	}
	return total
}

func (o *onNodes) combine(weights, usable *graph.Node) (combined []*graph.Node) {
	for _, v := range o.vectors() {
		combined = append(combined, v.combine(weights, usable))
	}
	return combined
}

// stored are gradients kept as they are.
type stored []*graph.Node

func (s stored) all() []*graph.Node { return s }

func (s stored) gramian() *graph.Node { return crossGramian(s, s) }

func (s stored) combine(weights, usable *graph.Node) *graph.Node {
	var total *graph.Node
	for t, d := range s {
		total = sum(total, onlyUsable(usable, t, graph.Mul(graph.ConvertDType(element(weights, t), d.DType()), d)))
	}
	return total
}

// onlyUsable returns d, or zeros where task t is not usable: zero times not-a-number would not do.
func onlyUsable(usable *graph.Node, t int, d *graph.Node) *graph.Node {
	return graph.Where(element(usable, t), d, graph.ZerosLike(d))
}

// crossGramian returns a·bᵀ for [T] vectors of any one shape. Half-precision vectors are multiplied in float32.
func crossGramian(a, b []*graph.Node) *graph.Node {
	x := stacked(a)
	y := x
	if &a[0] != &b[0] {
		y = stacked(b)
	}
	return graph.Einsum("id,jd->ij", x, y)
}

// stacked returns vectors as the rows of a matrix.
func stacked(vectors []*graph.Node) *graph.Node {
	rows := make([]*graph.Node, len(vectors))
	for t, v := range vectors {
		if v.DType().Bits() < dtypes.Float32.Bits() {
			v = graph.ConvertDType(v, dtypes.Float32)
		}
		rows[t] = graph.Reshape(v, 1, -1)
	}
	if len(rows) == 1 {
		return rows[0]
	}
	return graph.Concatenate(rows, 0)
}

// element returns vector[t] as a scalar.
func element(vector *graph.Node, t int) *graph.Node {
	return graph.Reshape(graph.SliceAxis(vector, 0, graph.AxisElem(t)))
}
