package mtl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// denseLayer is the only use of a weight matrix W, output = input·W. With the cotangents D_t = ∂L_t/∂output the task gradients are inputᵀ·D_t, and
// their inner products ⟨D_s, input·inputᵀ·D_t⟩: no weight gradient of any task need ever exist.
type denseLayer struct {
	input, output *graph.Node
	rows, in, out int // input [rows, in], output [rows, out]
}

// denseLayers finds, for each node, the dense layer that it is the weight matrix of, or nil.
func denseLayers(losses, nodes []*graph.Node) []*denseLayer {
	uses := make([][]*graph.Node, len(nodes))
	for node := range ancestors(losses...) {
		for k, parameter := range nodes {
			if slices.Contains(node.Inputs(), parameter) {
				uses[k] = append(uses[k], node)
			}
		}
	}
	layers := make([]*denseLayer, len(nodes))
	for k, node := range nodes {
		if len(uses[k]) == 1 {
			layers[k] = denseLayerOf(node, uses[k][0])
		}
	}
	return layers
}

// denseLayerOf returns the layer if use is input·weights over the last axis of input. GoMLX tells the axes of a product only in its text.
func denseLayerOf(weights, use *graph.Node) *denseLayer {
	if use.Type() != graph.NodeTypeDotGeneral || weights.Rank() != 2 {
		return nil
	}
	input := use.Inputs()[0]
	rank := input.Rank()
	axes := fmt.Sprintf("lhsContractingAxes=[%d], lhsBatchAxes=[], rhs=[#%d], rhsContractingAxes=[0], rhsBatchAxes=[]", rank-1, weights.Id())
	if input == weights || rank < 2 || use.DType() != weights.DType() || !strings.Contains(use.String(), axes) {
		return nil
	}
	in, out := weights.Shape().Dimensions[0], weights.Shape().Dimensions[1]
	return &denseLayer{input: input, output: use, rows: input.Shape().Size() / in, in: in, out: out}
}

func (l *denseLayer) vectors(cotangents []*graph.Node) taskVectors {
	d := make([]*graph.Node, len(cotangents))
	for t := range d {
		d[t] = graph.Reshape(cotangents[t], l.rows, l.out)
	}
	v := &denseVectors{denseLayer: l, cotangents: d}
	// Multiplications for the Gramian, and one more product for the combination, against those for T weight gradients.
	count := len(d)
	factored := l.rows*l.rows*(l.in+count*l.out) + l.rows*l.in*l.out
	if factored < count*l.rows*l.in*l.out {
		return v
	}
	return stored(v.all())
}

// denseVectors are the task gradients of a dense layer's weights in factors.
type denseVectors struct {
	*denseLayer
	cotangents []*graph.Node // [T] of [rows, out]
}

func (v *denseVectors) flatInput() *graph.Node { return graph.Reshape(v.input, v.rows, v.in) }

// times returns inputᵀ·d.
func (v *denseVectors) times(d *graph.Node) *graph.Node {
	return graph.Einsum("ai,ab->ib", v.flatInput(), d)
}

func (v *denseVectors) all() []*graph.Node {
	rows := make([]*graph.Node, len(v.cotangents))
	for t, d := range v.cotangents {
		rows[t] = v.times(d)
	}
	return rows
}

func (v *denseVectors) gramian() *graph.Node {
	x := v.flatInput()
	kernel := graph.Einsum("ai,bi->ab", x, x)
	smoothed := make([]*graph.Node, len(v.cotangents))
	for t, d := range v.cotangents {
		smoothed[t] = graph.Einsum("ab,bo->ao", kernel, d)
	}
	return crossGramian(v.cotangents, smoothed)
}

func (v *denseVectors) combine(weights, usable *graph.Node) *graph.Node {
	return v.times(stored(v.cotangents).combine(weights, usable))
}
