package arch_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// expertsOf is a trunk of three experts, side by side.
func expertsOf(expert arch.Trunk) arch.Trunk {
	return arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return arch.MMoE{Experts: 3, Expert: expert}.Features(scope, inputs, []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1)})[1]
	})
}

var rounded = []struct {
	name        string
	plain, half arch.Trunk
	input       *tensors.Tensor
}{
	{"dense", arch.Dense{Widths: []int{32, 16}, L1: 0.01, L2: 0.02}, nil, wave(24, 40)},
	{"dense, batch norm", arch.Dense{Widths: []int{32, 16}, Normalization: arch.BatchNorm}, nil, wave(24, 40)},
	{"conv", arch.Conv{Stages: stages, L1: 0.01, L2: 0.02}, nil, wave(3, 8, 8, 2)},
	{"residual", arch.Residual{Stages: stages, Normalization: arch.LayerNorm}, nil, wave(3, 8, 8, 2)},
	{"transformer", arch.Transformer{Layers: 1, Heads: 2, Width: 8}, nil, wave(3, 5, 4)},
	{"GRU", arch.GRU{Width: 6}, nil, wave(3, 5, 4)},
	{"experts", expertsOf(arch.Dense{Widths: []int{32, 16}, L2: 0.02}), expertsOf(arch.BFloat16{Trunk: arch.Dense{Widths: []int{32, 16}, L2: 0.02}}), wave(24, 40)},
}

// passed is what a pass through a trunk and back makes: the representation, the regularisation, and the gradient of Σ sin(h)·wave on each variable.
type passed struct {
	values    map[string][]float64
	variables map[string][]float64
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
		loss := graph.ReduceAllSum(graph.Mul(graph.Sin(h), graph.ConstTensor(g, wave(h.Shape().Dimensions...))))
		if penalty := train.GetRegularizationLoss(g); penalty != nil {
			outputs, names = append(outputs, penalty), append(names, "regularisation")
		}
		var on []*graph.Node
		for v := range store.IterVariables() {
			if v.Trainable && v.InUseByGraph(g) {
				on, names = append(on, v.NodeValue(g)), append(names, v.Path())
			}
		}
		outputs = append(outputs, graph.Gradient(loss, on...)...)
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
		if v.DType().IsFloat() {
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
	return math.Sqrt(off / math.Max(all, 1e-30))
}

// In bfloat16 a trunk has the same variables, and representation and gradients close to those in float32.
func TestBFloat16(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
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
				for name, value := range want.values {
					d := distance(got.values[name], value)
					t.Logf("%s is off by %.1e", name, d)
					switch {
					case name == "regularisation":
						near(t, name, got.values[name], value)
					case !(d <= 2e-2):
						t.Errorf("%s is off by %v of its length", name, d)
					case name == "representation" && d < 1e-5:
						t.Errorf("the representation is off by %v: nothing was rounded", d)
					}
				}
				if want.half != 0 || got.half == 0 {
					t.Errorf("%d products in bfloat16, and %d without", got.half, want.half)
				}
				t.Logf("products in bfloat16 and float32: %d and %d; without %d and %d", got.half, got.single, want.half, want.single)
				// A store made by one is used by the other.
				again := passThrough(t, b, store, half, c.input)
				near(t, "on the other's store", again.values["representation"], got.values["representation"])
			})
		}
	})
}
