package arch_test

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/weighting"
)

var quiet = slog.New(slog.DiscardHandler)

// eightTexts are token ids with padding 0 at the end, the last one all padding.
var eightTexts = tensors.FromValue([][]int32{
	{1, 2, 3, 4, 5}, {5, 4, 3, 2, 0}, {1, 1, 2, 0, 0}, {3, 5, 0, 0, 0}, {4, 0, 0, 0, 0}, {2, 3, 2, 3, 2}, {1, 4, 1, 4, 0}, {0, 0, 0, 0, 0},
})

var (
	words = arch.Embedding{Vocabulary: 6, Width: 8}
	users = tensors.FromValue([]int64{0, 1, 2, 0, 1, 2, 0, 1})
)

// sequenceTrunks are one of each kind, with all settings between them.
var sequenceTrunks = []struct {
	name   string
	trunk  arch.Trunk
	inputs []*tensors.Tensor
	want   []int
}{
	{"embedding", words, []*tensors.Tensor{eightTexts}, []int{8, 5, 8}},
	{"embedding, conv, dense", arch.Sequence{words, arch.Conv{Stages: stages}, arch.Dense{Widths: []int{7}}}, []*tensors.Tensor{eightTexts}, []int{8, 7}},
	{"bags of words, a user and numbers", arch.Sequence{arch.EmbeddingBag{Vocabularies: []int{6, 3}, Width: 4}, arch.Dense{Widths: []int{7}}},
		[]*tensors.Tensor{eightTexts, wave(8, 2), users}, []int{8, 7}},
	{"text without layers", arch.Text{Embedding: words, Pool: arch.PoolMean}, []*tensors.Tensor{eightTexts}, []int{8, 8}},
	{"gru for each position", arch.Text{Embedding: words, Layers: []arch.Trunk{arch.GRU{Width: 6}}}, []*tensors.Tensor{eightTexts}, []int{8, 5, 6}},
	{"conv, two directions, last", arch.Text{Embedding: words, Pool: arch.PoolLast,
		Layers: []arch.Trunk{arch.Conv{Stages: stages}, arch.Bidirectional{Of: arch.LSTM{Width: 3}}, arch.GRU{Width: 4}}}, []*tensors.Tensor{eightTexts}, []int{8, 4}},
	{"gru on signals", arch.GRU{Width: 4}, []*tensors.Tensor{wave(8, 6, 3)}, []int{8, 6, 4}},
	{"lstm on signals with a mask", arch.LSTM{Width: 4}, []*tensors.Tensor{wave(8, 6, 3), tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{1, 0, 1}, 16), 8, 6)}, []int{8, 6, 4}},
	{"transformer", arch.Text{Embedding: words, Layers: []arch.Trunk{arch.Transformer{Layers: 2, Heads: 2, Dropout: 0.1}}, Pool: arch.PoolFirst}, []*tensors.Tensor{eightTexts}, []int{8, 8}},
	{"transformer of another width", arch.Transformer{Layers: 1, Width: 12, Hidden: 9, Positions: arch.LearnedPositions(7), L2: 1e-3, Activation: activation.Gelu}, []*tensors.Tensor{wave(8, 6, 3)}, []int{8, 6, 12}},
	{"post-norm transformer", arch.PostNormTransformer{Layers: 1, Heads: 2}, []*tensors.Tensor{wave(8, 6, 4)}, []int{8, 6, 4}},
	{"unet", arch.UNet{Stages: unevenStages, Normalization: arch.BatchNorm, Dropout: 0.1}, []*tensors.Tensor{wave(8, 7, 6, 2)}, []int{8, 7, 6, 3}},
	{"unet on signals", arch.UNet{Stages: unevenStages}, []*tensors.Tensor{wave(8, 9, 2)}, []int{8, 9, 3}},
	{"fpn", arch.FPN{BottomUp: arch.Residual{Stages: unevenStages, Normalization: arch.BatchNorm}, Width: 5}, []*tensors.Tensor{wave(8, 7, 6, 2)}, []int{8, 7, 6, 5}},
	{"max pool in a sequence", arch.Sequence{arch.Conv{Stages: stages[:1]}, arch.MaxPool{}}, []*tensors.Tensor{wave(8, 7, 6, 2)}, []int{8, 4, 3, 6}},
}

// Shapes, the partition of the variables, a finite gradient on each of them, and falling losses.
func TestSequenceAndPixelTrunks(t *testing.T) {
	backend := backendtest.Go(t)
	for _, c := range sequenceTrunks {
		t.Run(c.name, func(t *testing.T) {
			checked := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
				h := c.trunk.Represent(scope, inputs)
				if got := h.Shape().Dimensions; !slices.Equal(got, c.want) {
					t.Errorf("representation %v; wanted %v", got, c.want)
				}
				return h
			})
			m := &mtl.Model{Arch: arch.HardSharing{Trunk: checked}, Tasks: []mtl.Task{mtl.Classification("class", 3), mtl.Regression("value", 1)}}
			labels := []*tensors.Tensor{tensors.FromValue([]int32{0, 1, 2, 0, 1, 2, 0, 1}), wave(8)}
			losses := steps(t, backend, seeded(1), m, 20, c.inputs, labels)
			if !(losses[19] < losses[0]) {
				t.Errorf("losses %v do not fall", losses)
			}
			store := seeded(1)
			for path, sum := range gradients(t, backend, store, m, c.inputs, labels) {
				// The bias of the keys adds the same number to all scores of a query, which a softmax cancels.
				if !(sum > 0) && !keyBias(path) || math.IsInf(sum, 0) || math.IsNaN(sum) {
					t.Errorf("the gradient on %s sums up to %v", path, sum)
				}
			}
			shared, own := partition(t, store, m)
			if shared == 0 || own["class"] != 2 || own["value"] != 2 {
				t.Errorf("%d shared variables, by task %v; wanted some, and 2 for each task", shared, own)
			}
		})
	}
}

// copies are for one backend: a tensor belongs to the one that first used it.
func copies(t *testing.T, of ...*tensors.Tensor) []*tensors.Tensor {
	t.Helper()
	out := make([]*tensors.Tensor, len(of))
	for i, x := range of {
		var err error
		out[i], err = x.LocalClone()
		check(t, err)
	}
	return out
}

func keyBias(path string) bool {
	return len(path) > 27 && path[len(path)-27:] == "/attention/key/dense/biases"
}

// Fit runs its steps in a loop of the device, with integer inputs of two types and per-task gradients through the loop over positions: the losses are those of
// one step a call, and of the other backend.
func TestFitOnTokens(t *testing.T) {
	m := &mtl.Model{
		Arch: arch.HardSharing{Trunk: arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
			text := arch.Text{Embedding: words, Layers: []arch.Trunk{arch.GRU{Width: 4}}, Pool: arch.PoolMean}
			user := arch.EmbeddingBag{Vocabularies: []int{3}, Width: 2}
			return graph.Concatenate([]*graph.Node{text.Represent(scope.At("text"), inputs[:1]), user.Represent(scope.At("user"), inputs[1:])}, -1)
		})},
		Tasks: twoTasks,
	}
	start := seeded(1)
	_, err := execute(backendtest.Go(t), start, []*tensors.Tensor{eightTexts, users}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		return m.Graph(scope, nil, nodes)
	})
	check(t, err)
	fit := func(t *testing.T, backend compute.Backend, perCall int) []float64 {
		data := mtl.Data{Train: &mtl.Split{
			Inputs: copies(t, eightTexts, users),
			Labels: map[string]*tensors.Tensor{"class": tensors.FromValue([]int32{0, 1, 2, 0, 1, 2, 0, 1}), "value": wave(8)},
		}}
		h, err := mtl.Fit(context.Background(), m, data, mtl.FitOptions{Backend: backend, Store: seededLike(t, start, ""), Steps: 12, BatchSize: 8,
			StepsPerCall: perCall, RecordEvery: 1, LearningRate: 0.02, Weighting: weighting.UPGrad{}, Log: quiet})
		check(t, err)
		return append(h.Loss(history.Train, "class").Values, h.Loss(history.Train, "value").Values...)
	}
	want := fit(t, backendtest.Go(t), 1)
	if len(want) != 24 || !(want[11] < want[0] && want[23] < want[12]) {
		t.Errorf("losses %v; wanted twelve of each task that fall", want)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		near(t, "losses of six steps a call", fit(t, backend, 6), want)
	})
}

// What stands at padding changes nothing, wherever padding is.
func TestPaddingIsLeftOut(t *testing.T) {
	mask := tensors.FromValue([][]bool{{true, false, true, true, false}, {false, false, true, false, false}})
	x, other := numbers(t, wave(2, 5, 4)), wave(2, 5, 4)
	flat := make([]float32, len(x))
	for i, v := range x {
		flat[i] = float32(v)
		if position := i / 4; !(position == 0 || position == 2 || position == 3 || position == 7) {
			flat[i] = 100
		}
	}
	changed := tensors.FromFlatDataAndDimensions(flat, 2, 5, 4)
	for name, trunk := range map[string]arch.SequenceTrunk{
		"gru": arch.GRU{Width: 3}, "lstm": arch.LSTM{Width: 3}, "two directions": arch.Bidirectional{Of: arch.LSTM{Width: 3}},
		"transformer": arch.Transformer{Layers: 2, Heads: 2}, "post-norm transformer": arch.PostNormTransformer{Layers: 1, Heads: 4},
	} {
		pooled := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
			h := trunk.RepresentSequence(scope, inputs[0], inputs[1])
			return graph.Concatenate([]*graph.Node{arch.PoolMean(h, inputs[1]), arch.PoolSum(h, inputs[1]), arch.PoolLast(h, inputs[1])}, -1)
		})
		store := seeded(3)
		want := numbers(t, represent(t, backendtest.Go(t), store, pooled, false, other, mask))
		near(t, name, numbers(t, represent(t, backendtest.Go(t), store, pooled, false, changed, mask)), want)
	}
}

// The loop over positions on XLA gives the outputs and gradients of the unrolled steps on the pure-Go backend, with padding in the middle and in front too.
func TestLoopsLikeUnrolled(t *testing.T) {
	mask := tensors.FromValue([][]bool{{true, false, true, true, false, true}, {false, false, true, false, true, false}, {false, false, false, false, false, false}})
	both := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return graph.Concatenate([]*graph.Node{arch.GRU{Width: 3}.Represent(scope.At("gru"), inputs), arch.LSTM{Width: 2}.Represent(scope.At("lstm"), inputs)}, -1)
	})
	start := seeded(5)
	represent(t, backendtest.Go(t), start, both, false, wave(3, 6, 4), mask)
	var want [][]float64
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store := seededLike(t, start, "")
		outputs, err := execute(b, store, []*tensors.Tensor{wave(3, 6, 4), mask}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			y := both.Represent(scope, nodes)
			loss := graph.ReduceAllSum(graph.Mul(y, graph.Cos(graph.IotaFull(y.Graph(), y.Shape()))))
			return append(append([]*graph.Node{y}, graph.Gradient(loss, nodes[0])...), scope.BuildTrainableVariablesGradientsGraph(loss)...)
		})
		check(t, err)
		for i, x := range outputs {
			if b.Name() != "xla" {
				want = append(want, numbers(t, x))
			} else {
				near(t, "output or gradient", numbers(t, x), want[i])
			}
		}
	})
}

func TestPoolsByHand(t *testing.T) {
	x := tensors.FromValue([][][]float32{{{1, 10}, {2, 20}, {4, 40}}, {{8, 80}, {16, 160}, {32, 320}}, {{5, 5}, {6, 6}, {7, 7}}})
	mask := tensors.FromValue([][]bool{{true, true, false}, {false, true, false}, {false, false, false}})
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range []struct {
			name        string
			pool        arch.Pool
			masked, all []float64
		}{
			{"mean", arch.PoolMean, []float64{1.5, 15, 16, 160, 0, 0}, []float64{7. / 3, 70. / 3, 56. / 3, 560. / 3, 6, 6}},
			{"sum", arch.PoolSum, []float64{3, 30, 16, 160, 0, 0}, []float64{7, 70, 56, 560, 18, 18}},
			{"first", arch.PoolFirst, []float64{1, 10, 8, 80, 5, 5}, []float64{1, 10, 8, 80, 5, 5}},
			{"last", arch.PoolLast, []float64{2, 20, 16, 160, 0, 0}, []float64{4, 40, 32, 320, 7, 7}},
		} {
			outputs, err := execute(backend, model.NewStore(), []*tensors.Tensor{x, mask}, func(_ *model.Scope, nodes []*graph.Node) []*graph.Node {
				return []*graph.Node{c.pool(nodes[0], nodes[1]), c.pool(nodes[0], nil)}
			})
			check(t, err)
			near(t, c.name, numbers(t, outputs[0]), c.masked)
			near(t, c.name+" without a mask", numbers(t, outputs[1]), c.all)
		}
	})
}

func TestPositionsByHand(t *testing.T) {
	b := backendtest.Go(t)
	zero := tensors.FromFlatDataAndDimensions(make([]float32, 2*3*5), 2, 3, 5)
	sinusoidal := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return arch.SinusoidalPositions(scope, inputs[0])
	})
	var want []float64
	for range 2 {
		for p := range 3 {
			// Wavelengths of features 0 and 1, 2 and 3, and 4.
			a, b, c := float64(p), float64(p)*math.Pow(10000, -2./5), float64(p)*math.Pow(10000, -4./5)
			want = append(want, math.Sin(a), math.Cos(a), math.Sin(b), math.Cos(b), math.Sin(c))
		}
	}
	near(t, "sinusoidal", numbers(t, represent(t, b, seeded(1), sinusoidal, false, zero)), want)

	store := seeded(1)
	learned := arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		return arch.LearnedPositions(4)(scope, inputs[0])
	})
	got := numbers(t, represent(t, b, store, learned, false, zero))
	table := value(t, store, "/positions")
	near(t, "learnt", got, append(slices.Clone(table[:15]), table[:15]...))
}

func TestBadSequenceTrunks(t *testing.T) {
	b := backendtest.Go(t)
	ids, x, rows := []*tensors.Tensor{eightTexts}, []*tensors.Tensor{wave(2, 5, 4)}, []*tensors.Tensor{wave(2, 3)}
	wantPanic(t, b, arch.Embedding{Vocabulary: 6}, ids, "arch.Embedding", "width 0")
	wantPanic(t, b, words, x, "integer token ids [batch, length]", "Float32")
	wantPanic(t, b, words, append(ids, ids...), "one input of token ids")
	wantPanic(t, b, arch.EmbeddingBag{Width: 2}, ids, "too few")
	wantPanic(t, b, arch.EmbeddingBag{Width: 2, Vocabularies: []int{6, 6}}, ids, "2 vocabularies for 1 integer inputs")
	wantPanic(t, b, arch.Text{Embedding: words}, append(ids, ids...), "one input of token ids")
	wantPanic(t, b, arch.Text{Embedding: words, Layers: []arch.Trunk{arch.Dense{Widths: []int{3}}}}, ids, "layer 0 of arch.Text", "[batch, length, features]")
	wantPanic(t, b, arch.Text{Embedding: words, Layers: []arch.Trunk{arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node {
		return graph.SliceAxis(inputs[0], 1, graph.AxisRange(0, 4))
	})}}, ids, "4 positions of 5")
	wantPanic(t, b, arch.GRU{}, x, "arch.GRU has width 0")
	wantPanic(t, b, arch.LSTM{Width: 3}, rows, "arch.LSTM takes", "[batch, length, features]")
	wantPanic(t, b, arch.LSTM{Width: 3}, append(slices.Clone(x), rows...), "mask (Bool)[2, 3]")
	wantPanic(t, b, arch.GRU{Width: 3}, append(append(slices.Clone(x), x...), x...), "arch.GRU takes")
	wantPanic(t, b, arch.Bidirectional{}, x, "no trunk")
	wantPanic(t, b, arch.Transformer{}, x, "0 layers")
	wantPanic(t, b, arch.Transformer{Layers: 1, Heads: 3}, x, "3 heads", "divide")
	wantPanic(t, b, arch.PostNormTransformer{Layers: 1}, ids, "arch.PostNormTransformer takes", "arch.Text")
	wantPanic(t, b, arch.Transformer{Layers: 1, Dropout: 2}, x, "dropout 2")
	wantPanic(t, b, arch.Transformer{Layers: 1, Positions: arch.LearnedPositions(3)}, x, "5 positions", "longer than the 3")
	wantPanic(t, b, arch.UNet{}, x, "arch.UNet has no stages")
	wantPanic(t, b, arch.FPN{}, x, "arch.FPN has no stages")
	wantPanic(t, b, arch.FPN{Width: -1}, x, "width -1")
	wantPanic(t, b, arch.MaxPool{Window: 2}, x, "windows of 2")
	wantPanic(t, b, arch.MaxPool{}, rows, "arch.MaxPool takes")
}
