package pretrained_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/arch/pretrained"
)

// The networks of testdata/networks.py.
var (
	resNet = pretrained.ResNet{Blocks: []int{2, 1, 1}, Width: 4}
	bert   = pretrained.BERT{Vocabulary: 11, Positions: 8, Layers: 2, Width: 6, Heads: 2, Hidden: 10}
)

type fixture struct {
	Shape []int
	Flat  []float64
}

func read(t *testing.T, name string) (inputs, outputs []fixture) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	check(t, err)
	var content struct{ Inputs, Outputs []fixture }
	check(t, json.Unmarshal(raw, &content))
	return content.Inputs, content.Outputs
}

func (f fixture) ids() *tensors.Tensor {
	flat := make([]int32, len(f.Flat))
	for i, v := range f.Flat {
		flat[i] = int32(v)
	}
	return tensors.FromFlatDataAndDimensions(flat, f.Shape...)
}

func (f fixture) numbers() *tensors.Tensor {
	flat := make([]float32, len(f.Flat))
	for i, v := range f.Flat {
		flat[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(flat, f.Shape...)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, name string) *pretrained.File {
	t.Helper()
	f, err := pretrained.Open(filepath.Join("testdata", name))
	check(t, err)
	t.Cleanup(func() { check(t, f.Close()) })
	return f
}

// run builds a function of the inputs and returns its outputs.
func run(backend compute.Backend, store *model.Store, build func(*model.Scope, []*graph.Node) []*graph.Node, inputs ...*tensors.Tensor) ([]*tensors.Tensor, error) {
	exec, err := model.NewExec(backend, store, build)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	arguments := make([]any, len(inputs))
	for i, x := range inputs {
		arguments[i] = x
	}
	return exec.Call(arguments...)
}

func represent(trunk arch.Trunk, below string) func(*model.Scope, []*graph.Node) []*graph.Node {
	return func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		return []*graph.Node{trunk.Represent(scope.At("%s", below), inputs)}
	}
}

func near(t *testing.T, what string, got *tensors.Tensor, want fixture) {
	t.Helper()
	if !slices.Equal(got.Shape().Dimensions, want.Shape) {
		t.Fatalf("%s has shape %v; wanted %v", what, got.Shape().Dimensions, want.Shape)
	}
	flat, err := tensors.CopyFlatData[float32](got)
	check(t, err)
	for i, v := range flat {
		if !(math.Abs(float64(v)-want.Flat[i]) <= 1e-4) {
			t.Fatalf("%s: value %d is %v; wanted %v", what, i, v, want.Flat[i])
		}
	}
}

func TestResNetLikeTorchvision(t *testing.T) {
	inputs, outputs := read(t, "resnet.json")
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store := model.NewStore()
		check(t, resNet.Load(store, "shared", open(t, "resnet.safetensors")))
		variables := store.NumVariables()
		got, err := run(b, store, represent(resNet, "shared"), inputs[0].numbers())
		check(t, err)
		near(t, "representation", got[0], outputs[0])
		if store.NumVariables() != variables {
			t.Errorf("the trunk has %d variables, %d of them loaded", store.NumVariables(), variables)
		}
	})
}

func TestBERTLikeTransformers(t *testing.T) {
	inputs, outputs := read(t, "bert.json")
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, name := range []string{"bert.safetensors", "older_bert.safetensors"} {
			store := model.NewStore()
			check(t, bert.Load(store, "/shared/part_0/", open(t, name)))
			variables := store.NumVariables()
			inSequence := represent(arch.TrunkFunc(func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
				return bert.Represent(scope.At("part_0"), inputs)
			}), "shared")
			got, err := run(b, store, inSequence, inputs[0].ids())
			check(t, err)
			near(t, name, got[0], outputs[0])
			got, err = run(b, store, inSequence, inputs[0].ids(), inputs[1].ids())
			check(t, err)
			near(t, name+" with token types", got[0], outputs[1])
			if store.NumVariables() != variables {
				t.Errorf("the trunk has %d variables, %d of them loaded", store.NumVariables(), variables)
			}
			if b.Name() == "xla" {
				return // The other file gives the same program.
			}
		}
	})
}

// Both trunks pass gradients to all of their variables, on the pure-Go backend too, and a loaded store keeps them.
func TestGradients(t *testing.T) {
	pictures, _ := read(t, "resnet.json")
	texts, _ := read(t, "bert.json")
	first := bert
	first.Pool, first.Dropout = arch.PoolFirst, 0.1
	for _, c := range []struct {
		name  string
		trunk arch.Trunk
		load  func(*model.Store, string, *pretrained.File) error
		file  string
		input *tensors.Tensor
		want  []int
	}{
		{"ResNet", resNet, resNet.Load, "resnet.safetensors", pictures[0].numbers(), []int{2, 3, 2, 16}},
		{"BERT", first, bert.Load, "bert.safetensors", texts[0].ids(), []int{3, 6}},
	} {
		store := model.NewStore()
		check(t, c.load(store, "shared", open(t, c.file)))
		var paths []string
		outputs, err := run(backendtest.Go(t), store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
			g := inputs[0].Graph()
			store.SetTraining(g, true)
			h := c.trunk.Represent(scope.At("shared"), inputs)
			if got := h.Shape().Dimensions; !slices.Equal(got, c.want) {
				t.Errorf("%s makes %v; wanted %v", c.name, got, c.want)
			}
			for v := range store.IterVariables() {
				if v.Trainable && v.InUseByGraph(g) {
					paths = append(paths, v.Path())
				}
			}
			sums := scope.BuildTrainableVariablesGradientsGraph(graph.ReduceAllSum(graph.Mul(h, graph.Cos(graph.IotaFull(g, h.Shape())))))
			for i, d := range sums {
				sums[i] = graph.ReduceAllSum(graph.Abs(d))
			}
			return sums
		}, c.input)
		check(t, err)
		for i, path := range paths {
			// The bias of the keys cancels in the softmax.
			if sum := outputs[i].Value().(float32); !(sum > 0) && !strings.Contains(path, "/key/dense/biases") || math.IsInf(float64(sum), 0) {
				t.Errorf("%s: the gradient on %s sums up to %v", c.name, path, sum)
			}
		}
		if len(paths) < 20 {
			t.Errorf("%s has %d trainable variables", c.name, len(paths))
		}
	}
}

// In training the loaded averages of the batch normalisations move on by 1 % a step; frozen they stay.
func TestLoadedAverages(t *testing.T) {
	pictures, _ := read(t, "resnet.json")
	b := backendtest.Go(t)
	for _, frozen := range []bool{false, true} {
		store := model.NewStore()
		check(t, resNet.Load(store, "shared", open(t, "resnet.safetensors")))
		if frozen {
			mtl.Freeze(store, "shared")
		}
		mean := store.GetVariable("/shared/stem/stage_0/block_0/batch_normalization/mean")
		before := slices.Clone(mean.MustValue().Value().([]float32))
		_, err := run(b, store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
			store.SetTraining(inputs[0].Graph(), true)
			return []*graph.Node{resNet.Represent(scope.At("shared"), inputs)}
		}, pictures[0].numbers())
		check(t, err)
		change := 0.0
		for i, v := range mean.MustValue().Value().([]float32) {
			change = max(change, math.Abs(float64(v-before[i])))
		}
		if frozen && change != 0 || !frozen && !(change > 0 && change < 0.02) {
			t.Errorf("frozen %v: a mean changed by %v in a step", frozen, change)
		}
	}
}

// LoRA and adapters work on loaded trunks: at the start LoRA is the trunk.
func TestLoRAOnBERT(t *testing.T) {
	inputs, outputs := read(t, "bert.json")
	store := model.NewStore()
	check(t, bert.Load(store, "shared", open(t, "bert.safetensors")))
	tasks := []mtl.Task{mtl.Binary("one"), mtl.Binary("two")}
	attention := func(layer string) bool {
		return strings.HasSuffix(layer, "/query") || strings.HasSuffix(layer, "/value")
	}
	got, err := run(backendtest.Go(t), store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		return arch.LoRA{Trunk: bert, Rank: 2, Layers: attention}.Features(scope, inputs, tasks)
	}, inputs[0].ids())
	check(t, err)
	for i := range tasks {
		near(t, tasks[i].Name, got[i], outputs[0])
	}
	// Two layers, queries and values, rank 2, from and to 6 features.
	if n := store.Scope("/task/two").NumParameters(); n != 2*2*2*(6+6) {
		t.Errorf("a task stores %d numbers; wanted %d", n, 2*2*2*(6+6))
	}
}

func TestNormalize(t *testing.T) {
	got, err := run(backendtest.Go(t), model.NewStore(), func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		return []*graph.Node{pretrained.Normalize.Represent(scope, inputs)}
	}, tensors.FromValue([][][][]float32{{{{0.485, 0.456, 0.406}, {1, 0, 0.631}}}}))
	check(t, err)
	near(t, "pixels", got[0], fixture{[]int{1, 1, 2, 3}, []float64{0, 0, 0, 0.515 / 0.229, -0.456 / 0.224, 1}})
}

// file writes bytes in the safetensors format by hand.
func file(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func readBytes(raw []byte) (*pretrained.File, error) {
	return pretrained.Read("weights", strings.NewReader(string(raw)), int64(len(raw)))
}

// -1.5 in each type that is read.
func TestNumberTypes(t *testing.T) {
	header := `{"__metadata__":{"format":"pt"},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]},
		"c":{"dtype":"F16","shape":[1,2],"data_offsets":[12,16]},"d":{"dtype":"BF16","shape":[1],"data_offsets":[16,18]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[18,18]}}`
	f, err := readBytes(file(header, 0, 0, 0, 0, 0, 0, 0xf8, 0xbf, 0, 0, 0xc0, 0xbf, 0, 0xbe, 0, 0x3c, 0xc0, 0xbf))
	check(t, err)
	check(t, f.Close())
	if got := f.Names(); !slices.Equal(got, []string{"a", "b", "c", "d", "none"}) {
		t.Errorf("names %q", got)
	}
	for name, want := range map[string][]float32{"a": {-1.5}, "b": {-1.5}, "c": {-1.5, 1}, "d": {-1.5}, "none": {}} {
		if got, err := f.Numbers(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is %v, %v; wanted %v", name, got, err, want)
		}
	}
	if shape, found := f.Shape("c"); !found || !slices.Equal(shape, []int{1, 2}) {
		t.Errorf("shape %v", shape)
	}
	if _, found := f.Shape("e"); found {
		t.Error("there is a tensor e")
	}
}

func TestBadFiles(t *testing.T) {
	one := func(dtype, shape, offsets string) []byte {
		return file(`{"a":{"dtype":"`+dtype+`","shape":`+shape+`,"data_offsets":`+offsets+`}}`, 0, 0, 0, 0)
	}
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{[]byte{1, 2}, "2 bytes; wanted 8"},
		{file(`{"a":3}`), `tensor "a"`},
		{one("F32", "[1]", "[0,5]"), `tensor "a": shape [1] of F32: wanted 4 bytes, got 5`},
		{one("F32", "[4611686018427387904,4]", "[0,0]"), "overflows"},
		{append(one("F32", "[1]", "[0,4]"), 0), "wanted nothing after them"},
	} {
		if _, err := readBytes(c.raw); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "mtl: weights cannot be read as a safetensors file") {
			t.Errorf("%q: error %v; wanted %q", c.raw, err, c.want)
		}
	}
	f, err := readBytes(one("I32", "[1]", "[0,4]"))
	check(t, err)
	if _, err := f.Numbers("a"); err == nil || !strings.Contains(err.Error(), "type I32") {
		t.Errorf("error %v", err)
	}
	if _, err := f.Numbers("b"); err == nil || !strings.Contains(err.Error(), `no tensor "b"`) {
		t.Errorf("error %v", err)
	}
	if _, err := pretrained.Open(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "mtl: ") {
		t.Errorf("error %v", err)
	}
}

// Every tensor that is missing or of another shape is named, and the store stays as it was.
func TestWrongTensors(t *testing.T) {
	for _, c := range []struct {
		load  func(*model.Store, string, *pretrained.File) error
		file  string
		parts []string
	}{
		{pretrained.ResNet{Blocks: []int{2, 1, 2}, Width: 4}.Load, "resnet.safetensors",
			[]string{"10 are missing: layer3.1.conv1.weight, layer3.1.bn1.weight", "layer3.1.bn2.running_var"}},
		{pretrained.ResNet{Blocks: []int{2, 1, 1}, Width: 4, Channels: 1}.Load, "resnet.safetensors", []string{"1 have another shape: conv1.weight is [4 3 7 7], not [4 1 7 7]"}},
		{resNet.Load, "bert.safetensors", []string{"are missing: conv1.weight", "embeddings.LayerNorm.bias"}},
		{pretrained.ResNet{Blocks: []int{1, 1, 1}, Width: 4}.Load, "resnet.safetensors", []string{"the network has no place for 10", "layer1.1.bn1.bias"}},
		{pretrained.BERT{Vocabulary: 11, Positions: 8, Layers: 1, Width: 6, Heads: 2, Hidden: 10}.Load, "older_bert.safetensors",
			[]string{"the network has no place for 16", "bert.encoder.layer.1.attention.output.LayerNorm.beta"}},
		{pretrained.BERT{Vocabulary: 12, Positions: 9, Layers: 3, Width: 6, Heads: 2, Hidden: 10}.Load, "older_bert.safetensors",
			[]string{"16 are missing: encoder.layer.2.attention.self.query.weight", "2 have another shape: bert.embeddings.word_embeddings.weight is [11 6], not [12 6], bert.embeddings.position_embeddings.weight"}},
	} {
		store := model.NewStore()
		err := c.load(store, "shared", open(t, c.file))
		if err == nil {
			t.Errorf("no error with %q", c.parts)
			continue
		}
		for _, part := range append(c.parts, "mtl: ", c.file) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q lacks %q", err, part)
			}
		}
		if store.NumVariables() != 0 {
			t.Errorf("%d variables were made", store.NumVariables())
		}
	}

	store := model.NewStore()
	store.Scope("/shared/stem/stage_0/block_0/conv").VariableWithValue("weights", []float32{1})
	if err := resNet.Load(store, "shared", open(t, "resnet.safetensors")); err == nil || !strings.Contains(err.Error(), "does not fit the variable /shared/stem/stage_0/block_0/conv/weights") {
		t.Errorf("error %v", err)
	}
	// Loading again gives the variables that are there the file's values.
	store = model.NewStore()
	check(t, resNet.Load(store, "shared", open(t, "resnet.safetensors")))
	v := store.GetVariable("/shared/stem/stage_0/block_0/batch_normalization/scale")
	want := slices.Clone(v.MustValue().Value().([]float32))
	check(t, v.SetValue(tensors.FromValue(make([]float32, 4))))
	check(t, resNet.Load(store, "shared", open(t, "resnet.safetensors")))
	if got := v.MustValue().Value().([]float32); !slices.Equal(got, want) {
		t.Errorf("loaded again %v; wanted %v", got, want)
	}
}

func TestBadInputs(t *testing.T) {
	pictures, rows := tensors.FromValue([][][][]float32{{{{1}}}}), tensors.FromValue([][]int32{{1, 2}})
	for _, c := range []struct {
		trunk  arch.Trunk
		inputs []*tensors.Tensor
		want   string
	}{
		{resNet, []*tensors.Tensor{pictures}, "[batch, height, width, 3]"},
		{pretrained.Normalize, []*tensors.Tensor{pictures}, "[batch, height, width, 3]"},
		{bert, []*tensors.Tensor{pictures}, "integer token ids"},
		{bert, []*tensors.Tensor{rows, pictures}, "token types of the same shape"},
		{pretrained.BERT{Width: 6, Heads: 4}, []*tensors.Tensor{rows}, "4 heads"},
		{pretrained.BERT{Positions: 1}, []*tensors.Tensor{rows}, "2 positions"},
		{pretrained.BERT{Dropout: 1}, []*tensors.Tensor{rows}, "dropout 1"},
	} {
		if _, err := run(backendtest.Go(t), model.NewStore(), represent(c.trunk, "shared"), c.inputs...); err == nil || !strings.Contains(err.Error(), "mtl: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v; wanted %q", c.trunk, err, c.want)
		}
	}
}
