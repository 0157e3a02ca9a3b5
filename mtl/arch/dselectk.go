package arch

import (
	"math/bits"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/history"
)

// DSelectK is MMoE whose gates choose at most k experts, in a way that has a gradient (Hazimeh et al., "DSelect-k: Differentiable Selection in the Mixture of
// Experts with Applications to Multi-Task Learning", NeurIPS 2021):
//
//	h_t = Σ_i q_i·E_i(x)    q = Σ_{j<k} softmax(α)_j·r(z_j)    r(z)_i = Π_b S(z_b) or 1-S(z_b), as bit b of i is 1 or 0
//	S(z) = 0 below -γ/2, 1 above γ/2, and -2·z³/γ³ + 3·z/(2γ) + ½ between
//
// Each of the k selectors has ⌈log₂ n⌉ numbers z. Once all of them have left the middle of the smooth step S, r is 1 for one expert and 0 for the others.
// Where the number n of experts is no power of two, the last ones have a code that is one bit shorter, so that every code belongs to an expert and the
// weights add up to 1; the paper instead penalises codes without one. Such experts begin with twice the weight of the others.
//
// The variables are partitioned as those of MMoE. Training records the gates as "gate/level_0" and the selectors' entropy, 0 once they have chosen, as "gate/entropy".
type DSelectK struct {
	// Bottom, Expert, Experts and Gate are those of MMoE; at least 2 experts.
	Bottom  Trunk
	Expert  Trunk
	Experts int
	Gate    GateInput
	// Selectors is k; 0 means 2.
	Selectors int
	// Gamma is γ, the width of the smooth step; 0 means 1.
	Gamma float64
	// Entropy adds Entropy·Σ_t Σ_j H(r(z_j)), averaged over the batch, to the objective, which drives selectors to a choice; 0 means 1e-6. It is the
	// hyper-parameter "shared/entropy", which can be raised while training without a compilation.
	Entropy float64
	// Static gates are the same for all examples: α and z are variables. Otherwise they are affine functions of the gate's input.
	Static bool
}

// Features implements mtl.Architecture.
func (d DSelectK) Features(scope *model.Scope, inputs []*graph.Node, tasks []mtl.Task) []*graph.Node {
	count, k := orDefault(d.Experts, 8), orDefault(d.Selectors, 2)
	if d.Gamma == 0 {
		d.Gamma = 1
	}
	if d.Entropy == 0 {
		d.Entropy = 1e-6
	}
	if count < 2 || k < 1 || k > count {
		panicf("arch.DSelectK has %d selectors of %d experts; wanted 2 experts or more, and from 1 to as many selectors", k, count)
	}
	if !(d.Gamma > 0 && d.Entropy > 0) {
		panicf("arch.DSelectK has Gamma %v and Entropy %v; wanted positive numbers, or 0 for the standard ones", d.Gamma, d.Entropy)
	}
	var entropies []*graph.Node
	features := MMoE{d.Bottom, d.Expert, count, d.Gate}.mixture("arch.DSelectK", scope, inputs, tasks,
		func(at *model.Scope, input func() *graph.Node, outputs *graph.Node) *graph.Node {
			codes, logits := d.parameters(at, input, outputs, k, bits.Len(uint(count-1)))
			selectors := chosen(smoothStep(graph.DivScalar(codes, d.Gamma)), count)
			entropies = append(entropies, entropyOf(selectors))
			return graph.Einsum("bk,bke->be", graph.Softmax(logits, -1), selectors)
		})
	shared, g := scope.At(mtl.SharedScope), features[0].Graph()
	all := graph.Stack(entropies, 0)
	mtl.Report(g, history.Quantity{Name: "gate/entropy", Rows: namesOf(tasks)}, all)
	if scope.IsTraining(g) {
		train.AddRegularizationLoss(graph.Mul(mtl.LayerParameter(shared, g, all.DType(), "entropy", d.Entropy), graph.ReduceAllSum(all)))
	}
	return features
}

// parameters returns the numbers z, [batch, k, digits], and the logits α, [batch, k], of a task's gate; static ones have a batch of 1. They begin small, so
// that all experts begin with similar weights, with the bounds of the authors' code.
func (d DSelectK) parameters(scope *model.Scope, input func() *graph.Node, outputs *graph.Node, k, digits int) (z, logits *graph.Node) {
	small := func(name string, bound float64, dims ...int) *graph.Node {
		at := scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
		if d.Static {
			return graph.InsertAxes(at.VariableWithShape(name, shapes.Make(outputs.DType(), dims...)).NodeValue(outputs.Graph()), 0)
		}
		return layers.DenseWithBias(at.At("%s", name), input(), dims...)
	}
	return small("codes", d.Gamma/100, k, digits), small("logits", 0.05, k)
}

// smoothStep is S for γ = 1, which is exactly 0 and 1 outside of (-½, ½).
func smoothStep(z *graph.Node) *graph.Node {
	z = graph.ClipScalar(z, -0.5, 0.5)
	return graph.AddScalar(graph.Mul(z, graph.AddScalar(graph.MulScalar(graph.Square(z), -2), 1.5)), 0.5)
}

// chosen returns r, [batch, k, experts], of digits S(z), [batch, k, digits].
func chosen(steps *graph.Node, experts int) *graph.Node {
	var r *graph.Node
	for digit := range steps.Shape().Dim(-1) {
		// The factor of an expert is offset + slope·S: S, 1-S, or 1 where its code lacks the digit.
		offset, slope := make([]float32, experts), make([]float32, experts)
		for i := range experts {
			offset[i], slope[i] = factorOf(i, digit, experts)
		}
		constant := func(values []float32) *graph.Node {
			return graph.ConvertDType(graph.Const(steps.Graph(), [][][]float32{{values}}), steps.DType())
		}
		factor := graph.Add(constant(offset), graph.Mul(constant(slope), graph.SliceAxis(steps, -1, graph.AxisElem(digit))))
		if r == nil {
			r = factor
		} else {
			r = graph.Mul(r, factor)
		}
	}
	return r
}

// factorOf returns offset and slope of an expert's factor for a digit, lowest first. Of the 2^m codes those beyond the number of experts are taken by the last
// experts, two codes that differ in the lowest digit each.
func factorOf(expert, digit, experts int) (offset, slope float32) {
	single := 2*experts - 1<<bits.Len(uint(experts-1)) // experts with one code
	code := expert
	if expert >= single {
		if digit == 0 {
			return 1, 0
		}
		code = 2*expert - single
	}
	if code>>digit&1 == 1 {
		return 0, 1
	}
	return 1, -1
}

// entropyOf returns Σ_j H(r_j) of selectors [batch, k, experts], averaged over the batch, a scalar.
func entropyOf(selectors *graph.Node) *graph.Node {
	one := graph.OnesLike(selectors)
	logs := graph.Log(graph.Where(graph.GreaterThan(selectors, graph.ZerosLike(selectors)), selectors, one)) // 0·log 0 is 0
	return graph.DivScalar(graph.Neg(graph.ReduceAllSum(graph.Mul(selectors, logs))), selectors.Shape().Dim(0))
}
