package pretrained

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl/arch"
)

// ResNet is a trunk for pictures [batch, height, width, channels], in torchvision's form: a 7×7 convolution with stride 2, 3×3 max-pooling with stride 2, and
// stages of residual blocks of two 3×3 convolutions, batch normalisation after each convolution (He, Zhang, Ren and Sun, "Deep Residual Learning for Image
// Recognition", CVPR 2016). The zero value is ResNet-18, Blocks {3, 4, 6, 3} is ResNet-34. It returns [batch, height/32, width/32, 512] for four stages of
// width 64; the classifier "fc" is left to the heads. torchvision's weights expect pictures through Normalize.
type ResNet struct {
	// Blocks of each stage; the channels double and, but for the first stage, the map is halved from one to the next. nil means {2, 2, 2, 2}.
	Blocks []int
	// Width is the number of channels of the first convolution and stage; 0 means 64.
	Width int
	// Channels of the pictures; 0 means 3.
	Channels int
}

// resNetNorm has PyTorch's constant.
var resNetNorm = arch.BatchNormEpsilon(1e-5)

// Normalize is a trunk that subtracts from pictures [batch, height, width, 3] with values from 0 to 1 the mean of ImageNet's colours, and divides by their deviation, as
// torchvision's weights expect.
var Normalize = arch.TrunkFunc(func(_ *model.Scope, inputs []*graph.Node) *graph.Node {
	if len(inputs) != 1 || inputs[0].Rank() != 4 || inputs[0].Shape().Dim(-1) != 3 || !inputs[0].DType().IsFloat() {
		panicf("pretrained.Normalize takes one floating-point input [batch, height, width, 3]; got %s", inputs)
	}
	x := inputs[0]
	row := func(values ...float64) *graph.Node {
		return graph.ConstAsDType(x.Graph(), x.DType(), [][][][]float64{{{values}}})
	}
	return graph.Div(graph.Sub(x, row(0.485, 0.456, 0.406)), row(0.229, 0.224, 0.225))
})

func (r ResNet) blocks() []int {
	if r.Blocks == nil {
		return []int{2, 2, 2, 2}
	}
	return r.Blocks
}

// channels of a stage.
func (r ResNet) channels(stage int) int { return orDefault(r.Width, 64) << stage }

// Represent implements arch.Trunk.
func (r ResNet) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	if len(inputs) != 1 || inputs[0].Rank() != 4 || inputs[0].Shape().Dim(-1) != orDefault(r.Channels, 3) {
		panicf("pretrained.ResNet takes one input [batch, height, width, %d]; got %s", orDefault(r.Channels, 3), inputs)
	}
	var stages []arch.Stage
	for i, depth := range r.blocks() {
		stages = append(stages, arch.Stage{Channels: r.channels(i), Depth: depth, Stride: 1 + min(i, 1)})
	}
	stem := arch.Conv{Stages: []arch.Stage{{Channels: r.channels(0), Stride: 2}}, Kernel: 7, Normalization: resNetNorm}
	x := arch.MaxPool{}.Represent(scope, []*graph.Node{stem.Represent(scope.At("stem"), inputs)})
	return arch.Residual{Stages: stages, Normalization: resNetNorm}.Represent(scope.At("stages"), []*graph.Node{x})
}

// Load reads the weights of torchvision's names (conv1, bn1, layer1.0.conv1, ..., layer2.0.downsample.0, ...) into the variables of the trunk below a scope of the store, such
// as "shared" for arch.HardSharing{Trunk: r}, or "shared/part_1" for the second part of an arch.Sequence. Call it before Fit, or on a store that has them; mtl.Freeze
// keeps them. Training moves the averages of the batch normalisations on from the file's, unless they are frozen.
//
// A config.json in the file's folder, as timm or transformers write it, must agree with the trunk. The error lists what differs, and every tensor that is missing, of another shape,
// or of a block that the trunk does not have; then nothing was changed.
func (r ResNet) Load(store *model.Store, scope string, f *File) error {
	if err := r.agrees(f); err != nil {
		return err
	}
	entries, norms := r.entries()
	if err := load(store, scope, f, entries, "layer"); err != nil {
		return err
	}
	for at, channels := range norms {
		// So many steps make the averages change by arch.BatchNorm's momentum, not start again.
		if err := put(store, model.JoinPath("/", scope, at, "avg_weight"), steps(channels), true); err != nil {
			return err
		}
	}
	return nil
}

// agrees compares the trunk with the file's config.json.
func (r ResNet) agrees(f *File) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("one of blocks %v", r.blocks())
	switch {
	case slices.Equal(r.blocks(), []int{2, 2, 2, 2}):
		name = "resnet18"
	case slices.Equal(r.blocks(), []int{3, 4, 6, 3}):
		name = "resnet34"
	}
	var channels []int
	for i := range r.blocks() {
		channels = append(channels, r.channels(i))
	}
	c.want("architecture", "this trunk", name)
	c.want("model_type", "this trunk", "resnet")
	c.want("layer_type", "the kind of block of this trunk", "basic")
	c.want("depths", "ResNet.Blocks", r.blocks())
	c.want("embedding_size", "ResNet.Width", r.channels(0))
	c.want("hidden_sizes", "the list of channels of the stages", channels)
	c.want("num_features", "the number of channels that the trunk returns", channels[len(channels)-1])
	c.want("num_channels", "ResNet.Channels", orDefault(r.Channels, 3))
	c.want("hidden_act", "the activation of this trunk", "relu")
	c.want("downsample_in_first_stage", "a stride of 2 in this trunk's first stage", false)
	return c.err("ResNet")
}

// entries are the tensors of a trunk, and the channels of its normalisations by path.
func (r ResNet) entries() (entries []entry, norms map[string]int) {
	norms = map[string]int{}
	convolution := func(name, bn, path string, out, in, kernel int) {
		entries = append(entries, entry{[]string{name + ".weight"}, path + "/conv/weights", []int{out, in, kernel, kernel}, []int{2, 3, 1, 0}, false})
		at := path + "/batch_normalization"
		for _, v := range []struct {
			name, variable string
			fixed          bool
		}{{"weight", "scale", false}, {"bias", "offset", false}, {"running_mean", "mean", true}, {"running_var", "variance", true}} {
			entries = append(entries, entry{[]string{bn + "." + v.name}, at + "/" + v.variable, []int{out}, nil, v.fixed})
		}
		norms[at] = out
	}
	in := r.channels(0)
	convolution("conv1", "bn1", "stem/stage_0/block_0", in, orDefault(r.Channels, 3), 7)
	for i, depth := range r.blocks() {
		out := r.channels(i)
		for j := range depth {
			name, path := fmt.Sprintf("layer%d.%d.", i+1, j), fmt.Sprintf("stages/stage_%d/block_%d/", i, j)
			convolution(name+"conv1", name+"bn1", path+"first", out, in, 3)
			convolution(name+"conv2", name+"bn2", path+"second", out, out, 3)
			if j == 0 && (i > 0 || in != out) {
				convolution(name+"downsample.0", name+"downsample.1", path+"shortcut", out, in, 1)
			}
			in = out
		}
	}
	return entries, norms
}

// steps are those that the file's averages count for.
func steps(channels int) *tensors.Tensor {
	flat := make([]float32, channels)
	for i := range flat {
		flat[i] = 1000
	}
	return tensors.FromFlatDataAndDimensions(flat, channels)
}
