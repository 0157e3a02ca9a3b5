package arch_test

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// expertsOf is a trunk of three experts, side by side.
func expertsOf(expert arch.Trunk) arch.Trunk {
	return arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return arch.MMoE{Experts: 3, Expert: expert}.Features(scope, inputs, []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)})[1]
	})
}

// rounded are trunks with smooth activations: where rounding moves a value over the kink of a ReLU, the gradient jumps.
var rounded = []struct {
	name        string
	plain, half arch.Trunk
	input       *tensors.Tensor
	layers      int  // dense layers and convolutions
	both        bool // on XLA too, which takes seconds to compile
}{
	{"dense", arch.Dense{Widths: []int{32, 16}, L1: 0.01, L2: 0.02, Activation: graph.Tanh}, nil, wave(24, 40), 2, true},
	{"dense, batch norm", arch.Dense{Widths: []int{32, 16}, Activation: graph.Tanh, Normalization: arch.BatchNorm}, nil, wave(24, 40), 2, false},
	{"conv", arch.Conv{Stages: stages, L1: 0.01, L2: 0.02}, nil, wave(3, 8, 8, 2), 3, true},
	{"residual", arch.Residual{Stages: stages, Activation: graph.Tanh, Normalization: arch.LayerNorm}, nil, wave(3, 8, 8, 2), 8, false},
	{"transformer", arch.Transformer{Layers: 1, Heads: 2, Width: 8}, nil, wave(3, 5, 4), 7, false},
	{"GRU", arch.GRU{Width: 6}, nil, wave(3, 5, 4), 1, false},
	{"experts", expertsOf(arch.Dense{Widths: []int{32, 16}, L2: 0.02, Activation: graph.Tanh}), expertsOf(arch.BFloat16{Trunk: arch.Dense{Widths: []int{32, 16}, L2: 0.02, Activation: graph.Tanh}}), wave(24, 40), 2, true},
}

// passed is what a pass through a trunk and back makes: the representation, the regularisation, and the gradient of Σ (h − wave)² on all variables.
type passed struct {
	values    map[string][]float64
	variables map[string][]float64 // the trainable ones
	// half and single are the products and convolutions with operands in bfloat16 and float32.
	half, single int
}

func passThrough(t *testing.T, b compute.Backend, store *model.Store, trunk arch.Trunk, input *tensors.Tensor) passed {
	t.Helper()
	p := passed{values: map[string][]float64{}, variables: map[string][]float64{}}
	var names []string
	outputs, err := execute(b, store, []*tensors.Tensor{input}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		g := nodes[0].Graph()
		store.SetTraining(g, true)
		h := trunk.Represent(scope, nodes)
		outputs := []*graph.Node{h}
		names = []string{"representation"}
		loss := graph.ReduceAllSum(graph.Square(graph.Sub(h, graph.ConstTensor(g, wave(h.Shape().Dimensions...)))))
		if penalty := train.GetRegularizationLoss(g); penalty != nil {
			outputs, names = append(outputs, penalty), append(names, "regularisation")
		}
		var on []*graph.Node
		for v := range store.IterVariables() {
			if v.Trainable && v.InUseByGraph(g) {
				on = append(on, v.NodeValue(g))
			}
		}
		gradients := graph.Gradient(loss, on...)
		for i, d := range gradients {
			gradients[i] = graph.Reshape(d, -1)
		}
		outputs, names = append(outputs, graph.Concatenate(gradients, 0)), append(names, "gradients")
		for _, node := range g.Nodes() {
			if slices.Contains([]graph.NodeType{graph.NodeTypeDotGeneral, graph.NodeTypeConvGeneral, graph.NodeTypeFusedDense}, node.Type()) {
				if node.Inputs()[0].DType() == dtypes.BFloat16 && node.Inputs()[1].DType() == dtypes.BFloat16 {
					p.half++
				} else {
					p.single++
				}
			}
		}
		return outputs
	})
	check(t, err)
	for i, name := range names {
		p.values[name] = numbers(t, outputs[i]) // fails unless float32
	}
	for v := range store.IterVariables() {
		if v.Trainable {
			p.variables[v.Path()] = numbers(t, v.MustValue())
		}
	}
	return p
}

// distance is ‖a−b‖/‖b‖.
func distance(a, b []float64) float64 {
	var off, all float64
	for i := range b {
		off += (a[i] - b[i]) * (a[i] - b[i])
		all += b[i] * b[i]
	}
	return math.Sqrt(off / all)
}

// copied is a store with the same variables for another backend.
func copied(t *testing.T, from *model.Store) *model.Store {
	t.Helper()
	to := seeded(3)
	for v := range from.IterVariables() {
		if !v.DType().IsFloat() {
			continue
		}
		value, err := v.MustValue().LocalClone()
		check(t, err)
		to.VariableWithValue(v.Path(), value).SetTrainable(v.Trainable)
	}
	return to
}

// In bfloat16 a trunk has the same variables, and representation and gradients close to those in float32, on either backend and on the other's store.
func TestBFloat16(t *testing.T) {
	b := backendtest.Go(t)
	for _, c := range rounded {
		t.Run(c.name, func(t *testing.T) {
			half := c.half
			if half == nil {
				half = arch.BFloat16{Trunk: c.plain}
			}
			store := seeded(3)
			want := passThrough(t, b, store, c.plain, c.input)
			got := passThrough(t, b, seeded(3), half, c.input)
			if len(got.variables) != len(want.variables) {
				t.Fatalf("%d variables; wanted %d", len(got.variables), len(want.variables))
			}
			for path, value := range want.variables {
				if !slices.Equal(got.variables[path], value) {
					t.Errorf("variable %s differs: %v; wanted %v", path, got.variables[path], value)
				}
			}
			closeTo(t, got, want, c.layers)
			near(t, "on the other's store", passThrough(t, b, store, half, c.input).values["representation"], got.values["representation"])
			if c.both {
				closeTo(t, passThrough(t, backendtest.XLA(t), copied(t, store), half, c.input), want, c.layers)
			}
		})
	}
}

// closeTo also checks that each layer's product and both products of its gradient are in bfloat16.
func closeTo(t *testing.T, got, want passed, layers int) {
	t.Helper()
	for name, value := range want.values {
		d := distance(got.values[name], value)
		t.Logf("%s: off by %.1e", name, d)
		switch {
		case name == "regularisation":
			near(t, name, got.values[name], value)
		case name == "representation" && !(d <= 2e-2), name == "gradients" && !(d <= 5e-2): // the way there and back
			t.Errorf("%s: off by %v of its length", name, d)
		case name == "representation" && d < 1e-5:
			t.Errorf("the representation is off by %v: nothing was rounded", d)
		}
	}
	t.Logf("products in bfloat16 and float32: %d and %d; without %d and %d", got.half, got.single, want.half, want.single)
	if want.half != 0 || got.half != 3*layers {
		t.Errorf("%d products in bfloat16, and %d without; wanted %d and 0", got.half, want.half, 3*layers)
	}
}

// One layer's representation and gradients are those of a computation by hand with every operand rounded to bfloat16.
func TestBFloat16ByHand(t *testing.T) {
	const batch, in, width = 5, 7, 3
	round := func(v float64) float64 { return float64(bfloat16.FromFloat32(float32(v)).Float32()) }
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		input, target := wave(batch, in), wave(batch, width)
		trunk := arch.BFloat16{Trunk: arch.Dense{Widths: []int{width}, Activation: func(x *graph.Node) *graph.Node { return x }, Initializer: waves}}
		store := model.NewStore()
		outputs, err := execute(b, store, []*tensors.Tensor{input, target}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			h := trunk.Represent(scope, nodes[:1])
			loss := graph.ReduceAllSum(graph.Mul(h, nodes[1]))
			weights, biases := store.GetVariable("/layer_0/dense/weights"), store.GetVariable("/layer_0/dense/biases")
			return append([]*graph.Node{h}, graph.Gradient(loss, weights.NodeValue(loss.Graph()), biases.NodeValue(loss.Graph()), nodes[0])...)
		})
		check(t, err)
		x, c, w, offset := numbers(t, input), numbers(t, target), value(t, store, "/layer_0/dense/weights"), value(t, store, "/layer_0/dense/biases")
		product, onW, onB, onX := make([]float64, batch*width), make([]float64, in*width), make([]float64, width), make([]float64, batch*in)
		for i := range batch {
			for k := range width {
				for j := range in {
					product[i*width+k] += round(x[i*in+j]) * round(w[j*width+k])
					onW[j*width+k] += round(x[i*in+j]) * round(c[i*width+k])
					onX[i*in+j] += round(c[i*width+k]) * round(w[j*width+k])
				}
				onB[k] += c[i*width+k]
			}
		}
		// A product's own rounding may go the other way where float32 sums differ from those in float64, or be left out by XLA: by one step of bfloat16.
		for i, want := range [][]float64{product, onW, onB, onX} {
			for k, got := range numbers(t, outputs[i]) {
				if i == 0 {
					got -= offset[k%width]
				}
				if !(math.Abs(got-want[k]) <= math.Pow(2, -8)*(math.Abs(want[k])+1e-3)) {
					t.Errorf("output %d: value %d is %v; wanted %v", i, k, got, want[k])
				}
			}
		}
	})
}

// waves initialises variables with values of many digits.
func waves(*model.Scope) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		return graph.ConstTensor(g, wave(shape.Dimensions...))
	}
}

// Training goes on in float32 variables and lowers the loss, by a method on gradients too; what follows a BFloat16 in a Sequence is float32.
func TestBFloat16Fit(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		trunk := arch.Sequence{arch.BFloat16{Trunk: arch.Dense{Widths: []int{16}, Initializer: waves}}, arch.Dense{Widths: []int{8}, Initializer: waves}}
		m := &mtl.Model{Arch: arch.HardSharing{Trunk: trunk}, Tasks: []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)}}
		store := model.NewStore()
		h, err := mtl.Fit(context.Background(), m, mtl.Data{Train: &mtl.Split{
			Inputs: []*tensors.Tensor{wave(64, 8)}, Labels: map[string]*tensors.Tensor{"a": wave(64), "b": wave(64)},
		}}, mtl.FitOptions{Backend: b, Store: store, Steps: 20, BatchSize: 64, Weighting: weighting.MGDA{}, Log: slog.New(slog.DiscardHandler)})
		check(t, err)
		losses := h.Loss(history.Train, "a").Values
		if first, last := losses[0], losses[len(losses)-1]; len(losses) < 2 || !(last < first) {
			t.Errorf("the %d recorded losses of task a go from %v to %v", len(losses), first, last)
		}
		for v := range store.IterVariables() {
			if v.DType().IsFloat() && v.DType() != dtypes.Float32 {
				t.Errorf("variable %s is %s", v.Path(), v.DType())
			}
		}
	})
}

// A Text tells the padding to what a BFloat16 wraps.
func TestBFloat16Mask(t *testing.T) {
	text := func(wrap func(arch.SequenceTrunk) arch.Trunk) arch.Trunk {
		return arch.Text{Embedding: arch.Embedding{Vocabulary: 9, Width: 4}, Layers: []arch.Trunk{wrap(arch.GRU{Width: 6})}, Pool: arch.PoolMean}
	}
	b, tokens := backendtest.Go(t), tensors.FromFlatDataAndDimensions([]int32{3, 4, 0, 0, 5, 6, 7, 8}, 2, 4)
	want := represent(t, b, seeded(3), text(func(l arch.SequenceTrunk) arch.Trunk { return l }), false, tokens)
	got := represent(t, b, seeded(3), text(func(l arch.SequenceTrunk) arch.Trunk { return arch.BFloat16{Trunk: l} }), false, tokens)
	if d := distance(numbers(t, got), numbers(t, want)); !(d > 1e-6 && d <= 2e-2) {
		t.Errorf("the representation is off by %v", d)
	}
	wantPanic(t, b, arch.BFloat16{}, []*tensors.Tensor{wave(2, 3)}, "arch.BFloat16", "wanted a trunk")
}
