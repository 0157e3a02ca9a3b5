package arch_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/arch"
)

// fixture is a tensor of testdata/trunks.json.
type fixture struct {
	Shape []int
	Flat  []float64
	Whole bool // integers
}

func (f fixture) tensor() *tensors.Tensor {
	if f.Whole {
		return tensors.FromFlatDataAndDimensions(convert[int32](f.Flat), f.Shape...)
	}
	return tensors.FromFlatDataAndDimensions(convert[float32](f.Flat), f.Shape...)
}

func convert[T int32 | float32](flat []float64) []T {
	out := make([]T, len(flat))
	for i, v := range flat {
		out[i] = T(v)
	}
	return out
}

// unet and fpn are maps of 7×6 that get halved twice.
var unevenStages = []arch.Stage{{Channels: 3}, {Channels: 4, Stride: 2, Depth: 2}, {Channels: 5, Stride: 2}}

var torchTrunks = map[string]arch.Trunk{
	"bag mean":          arch.EmbeddingBag{Vocabularies: []int{6}, Width: 3},
	"bag sum":           arch.EmbeddingBag{Vocabularies: []int{6}, Width: 3, Pool: arch.PoolSum},
	"gru":               arch.GRU{Width: 5},
	"bidirectional gru": arch.Bidirectional{Of: arch.GRU{Width: 5}},
	"lstm":              arch.LSTM{Width: 5},
	"transformer":       arch.Transformer{Layers: 2, Heads: 2, Hidden: 10, Positions: arch.NoPositions, Normalization: arch.LayerNormEpsilon(1e-5)},
	"post-norm transformer": arch.PostNormTransformer{Layers: 2, Heads: 2, Hidden: 10, Positions: arch.NoPositions,
		Normalization: arch.LayerNormEpsilon(1e-5), Activation: activation.Gelu},
	"text": arch.Text{
		Embedding: arch.Embedding{Vocabulary: 6, Width: 3},
		Layers:    []arch.Trunk{arch.Conv{Stages: []arch.Stage{{Channels: 4, Stride: 2}}}},
		Pool:      arch.PoolMean,
	},
	"unet":       arch.UNet{Stages: unevenStages},
	"fpn":        arch.FPN{BottomUp: arch.Residual{Stages: []arch.Stage{{Channels: 3}, {Channels: 4, Stride: 2}, {Channels: 5, Stride: 2}}}, Width: 6},
	"max pool":   arch.MaxPool{},
	"max pool 5": arch.MaxPool{Window: 5, Stride: 1},
}

// torchOnGoOnly lists what XLA takes seconds to compile and whose operations another case has too.
var torchOnGoOnly = []string{"bag mean", "gru", "post-norm transformer", "unet", "fpn", "max pool 5"}

// Outputs and gradients, on every variable and floating-point input, are those of PyTorch (testdata/trunks.py).
func TestLikeTorch(t *testing.T) {
	raw, err := os.ReadFile("testdata/trunks.json")
	check(t, err)
	var cases map[string]struct {
		Inputs            []fixture
		Variables         map[string]fixture
		Output, Weights   fixture
		VariableGradients map[string]fixture
		InputGradients    []*fixture
	}
	check(t, json.Unmarshal(raw, &cases))
	if len(cases) != len(torchTrunks) {
		t.Errorf("%d cases for %d trunks", len(cases), len(torchTrunks))
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, c := range cases {
			if backend.Name() == "xla" && slices.Contains(torchOnGoOnly, name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				store := model.NewStore()
				var paths []string
				for path, v := range c.Variables {
					_, err := store.CreateVariable(path, v.tensor())
					check(t, err)
					paths = append(paths, path)
				}
				slices.Sort(paths)
				var inputs []*tensors.Tensor
				for _, x := range append(slices.Clone(c.Inputs), c.Weights) {
					inputs = append(inputs, x.tensor())
				}
				outputs, err := execute(backend, store, inputs, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
					last := len(nodes) - 1
					g := nodes[0].Graph()
					store.SetTraining(g, true)
					y := torchTrunks[name].Represent(scope, nodes[:last])
					var by []*graph.Node
					for i, x := range nodes[:last] {
						if c.InputGradients[i] != nil {
							by = append(by, x)
						}
					}
					for _, path := range paths {
						by = append(by, store.GetVariable(path).NodeValue(g))
					}
					// Where the loss has weight 0, at padding, outputs need not agree.
					weighted := graph.Mul(y, nodes[last])
					return append([]*graph.Node{weighted}, graph.Gradient(graph.ReduceAllSum(weighted), by...)...)
				})
				check(t, err)
				if got, want := store.NumVariables(), len(c.Variables); got != want {
					for v := range store.IterVariables() {
						if _, found := c.Variables[v.Path()]; !found {
							t.Errorf("variable %s is not in torch's network", v.Path())
						}
					}
				}
				want := slices.Clone(c.Output.Flat)
				for i, w := range c.Weights.Flat {
					want[i] *= w
				}
				near(t, "output", numbers(t, outputs[0]), want)
				rest := outputs[1:]
				for _, d := range c.InputGradients {
					if d != nil {
						near(t, "gradient on input", numbers(t, rest[0]), d.Flat)
						rest = rest[1:]
					}
				}
				for i, path := range paths {
					near(t, "gradient on "+path, numbers(t, rest[i]), c.VariableGradients[path].Flat)
				}
			})
		}
	})
}
