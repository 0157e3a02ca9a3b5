package mtl

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// HeadGradients says which gradient the task-specific parameters get. Peers differ in it without a word, and it changes results.
type HeadGradients int

const (
	// PaperHeads is what the method's paper does: its own HeadGradients, or WeightedHeads.
	PaperHeads HeadGradients = iota
	// WeightedHeads gives each head w_t times the gradient of its loss, as if Σ_t w_t·L_t were the loss.
	WeightedHeads
	// RawHeads gives each head the gradient of its own loss, whatever the weights.
	RawHeads
)

// String says what the heads get.
func (h HeadGradients) String() string {
	switch h {
	case RawHeads:
		return "their own gradient, unweighted"
	case WeightedHeads:
		return "the weighted gradient"
	}
	return "the gradient of the method's paper"
}

// HeadDefault is implemented by weightings whose paper leaves the head gradients raw.
type HeadDefault interface{ Heads() HeadGradients }

// Memory says how the combined gradient is made from the weights.
type Memory int

const (
	// StoreGradients keeps all task gradients and sums them: T backward passes, T times the memory of the shared parameters.
	StoreGradients Memory = iota
	// GramianFirst takes the weights from the Gramian, then runs one more backward pass over Σ_t w_t·L_t: no task gradient needs to outlive its
	// inner products. Equal results. A method that sets its own direction cannot use it.
	GramianFirst
)

// Gradients says where a method takes its gradients, what the heads get and what is kept in memory. It is itself a Weighting:
//
//	Weighting: mtl.Gradients{Method: weighting.MGDA{}, Target: mtl.Representation{}, Heads: mtl.WeightedHeads}
//
// A method alone is Gradients with all other fields zero.
type Gradients struct {
	Method Weighting
	// Target is where gradients are taken; nil means SharedParameters.
	Target Target
	Heads  HeadGradients
	Memory Memory
}

// Weights implements Weighting. Optimizer reads the fields itself.
func (c Gradients) Weights(s *Step) *graph.Node { return c.weights(s) }

// String describes it for the run header.
func (c Gradients) String() string {
	text := describeWeighting(c.Method)
	if c.Target != nil {
		text += " on " + c.Target.String()
	}
	if c.Heads != PaperHeads {
		text += ", heads get " + c.Heads.String()
	}
	if c.Memory == GramianFirst {
		text += ", Gramian first"
	}
	return text
}

// headerOf describes a weighting for the run's header, which always says what the heads get.
func headerOf(w Weighting) string {
	if c, ok := w.(Gradients); ok && c.Heads != PaperHeads {
		return c.String()
	}
	return describeWeighting(w) + ", heads get " + configure(w).Heads.String()
}

// configure returns the settings that a weighting runs with.
func configure(w Weighting) Gradients {
	c, ok := w.(Gradients)
	if !ok {
		c = Gradients{Method: w}
	}
	if _, nested := c.Method.(Gradients); nested {
		panicf("mtl.Gradients has another mtl.Gradients as its method; wanted a weighting")
	}
	if c.Heads == PaperHeads {
		c.Heads = WeightedHeads
		if own, ok := c.Method.(HeadDefault); ok {
			c.Heads = own.Heads()
		}
	}
	if c.Target == nil {
		c.Target = SharedParameters{}
	}
	return c
}

// weights asks the method and masks tasks that are not active.
func (c Gradients) weights(s *Step) *graph.Node {
	if c.Method == nil {
		return s.Active
	}
	weights := c.Method.Weights(s)
	if weights.Rank() != 1 || weights.Shape().Dimensions[0] != s.Tasks() {
		panicf("weighting %T returned weights shaped %s for %d tasks; wanted [%d]", c.Method, weights.Shape(), s.Tasks(), s.Tasks())
	}
	weights = graph.ConvertDType(weights, s.Losses.DType())
	if s.UsesGradients() {
		weights = graph.StopGradient(weights)
	}
	return graph.Where(graph.GreaterThan(s.Active, graph.ZerosLike(s.Active)), weights, graph.ZerosLike(weights))
}

// headFactors returns c_t of the head gradients c_t·∂L_t, [T].
func (c Gradients) headFactors(s *Step, weights *graph.Node) *graph.Node {
	factors := weights
	switch {
	case c.Heads == RawHeads:
		factors = s.Active
		if s.headScale != nil {
			factors = graph.Mul(factors, s.headScale)
		}
	case s.heads != nil:
		factors = graph.Mul(s.Active, graph.ConvertDType(s.heads, s.Active.DType()))
	}
	return graph.StopGradient(graph.ConvertDType(factors, s.Losses.DType()))
}

func (c Gradients) check(s *Step) {
	if c.Memory == GramianFirst && s.direction != nil {
		panicf("weighting %s sets its own direction, which needs the stored gradients: leave Gradients.Memory at StoreGradients", describeWeighting(c.Method))
	}
}

var _ fmt.Stringer = Gradients{}
