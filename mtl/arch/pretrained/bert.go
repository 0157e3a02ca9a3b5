package pretrained

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// BERT is a trunk for token ids [batch, length] and, as a second input where there are pairs of texts, token types [batch, length]: vectors of words, positions and types are added
// and normalised, then pass a post-norm Transformer with GELU (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language
// Understanding", NAACL 2019). The zero value has the size of BERT-small (Turc et al., "Well-Read Students Learn Better", 2019); Layers 12, Width 768, Heads 12 is BERT-base.
// It returns [batch, length, Width], or [batch, Width] with a Pool. The pooler, a dense layer on the first token that was trained on the next sentence, is left out. Texts must be
// made into ids with the vocabulary of the weights, for which go-huggingface has tokenizers.
type BERT struct {
	// Vocabulary is the number of ids; 0 means 30,522.
	Vocabulary int
	// Positions is the largest length; 0 means 512.
	Positions int
	// Types of tokens; 0 means 2.
	Types int
	// Layers; 0 means 4.
	Layers int
	// Width of the representation; 0 means 512.
	Width int
	// Heads divides Width; 0 means 8.
	Heads int
	// Hidden is the width of the hidden dense layers; 0 means 4·Width.
	Hidden int
	// Padding is the id of padding, which gets no attention. In the published vocabularies it is 0.
	Padding int
	// Pool nil leaves the sequence; arch.PoolFirst takes the token [CLS], arch.PoolMean the mean of the tokens that are no padding.
	Pool arch.Pool
	// Dropout is the share of outputs of each sublayer, and of the sum of the embeddings, that training sets to 0; published weights were trained with 0.1. Unless 0 it
	// is the hyper-parameter "shared/dropout" (that of the embeddings) and "shared/encoder/dropout".
	Dropout float64
}

// bertEpsilon is the constant of BERT's normalisations.
const bertEpsilon = 1e-12

var bertNorm = arch.LayerNormEpsilon(bertEpsilon)

// small is BERT's initialiser: normal with deviation 0.02, biases 0.
func small(scope *model.Scope) model.VariableInitializer {
	return func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		if shape.Rank() < 2 {
			return graph.Zeros(g, shape)
		}
		return graph.MulScalar(scope.RandomNormal(g, shape), 0.02)
	}
}

func (b BERT) filled() BERT {
	b.Vocabulary, b.Positions, b.Types = orDefault(b.Vocabulary, 30522), orDefault(b.Positions, 512), orDefault(b.Types, 2)
	b.Layers, b.Width, b.Heads = orDefault(b.Layers, 4), orDefault(b.Width, 512), orDefault(b.Heads, 8)
	b.Hidden = orDefault(b.Hidden, 4*b.Width)
	return b
}

// Represent implements arch.Trunk.
func (b BERT) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	b = b.filled()
	if len(inputs) < 1 || len(inputs) > 2 || len(inputs) == 2 && !inputs[1].Shape().EqualDimensions(inputs[0].Shape()) {
		panicf("pretrained.BERT takes token ids [batch, length] and, where there are pairs of texts, token types of the same shape; got %s", inputs)
	}
	ids := inputs[0]
	embed := func(name string, size int, ids *graph.Node) *graph.Node {
		return arch.Embedding{Vocabulary: size, Width: b.Width, Padding: -1, Initializer: small}.Represent(scope.At("%s", name), []*graph.Node{ids})
	}
	types := graph.ZerosLike(ids)
	if len(inputs) == 2 {
		types = inputs[1]
	}
	x := graph.Add(embed("words", b.Vocabulary, ids), embed("types", b.Types, types))
	x = bertNorm(scope, arch.LearnedPositions(b.Positions)(scope.At("positions"), x))
	if b.Dropout > 0 && b.Dropout < 1 {
		x = layers.Dropout(scope, x, mtl.LayerParameter(scope, x.Graph(), dtypes.Float32, "dropout", b.Dropout))
	}
	mask := graph.NotEqual(ids, graph.Scalar(ids.Graph(), ids.DType(), b.Padding))
	encoder := arch.PostNormTransformer{Layers: b.Layers, Heads: b.Heads, Hidden: b.Hidden, Positions: arch.NoPositions, Activation: activation.Gelu,
		Normalization: bertNorm, Dropout: b.Dropout, Initializer: small}
	x = encoder.RepresentSequence(scope.At("encoder"), x, mask)
	if b.Pool == nil {
		return x
	}
	return b.Pool(x, mask)
}

// Load reads the weights of the names of Hugging Face's transformers (embeddings.word_embeddings.weight, encoder.layer.0.attention.self.query.weight, ..., with or without
// "bert." in front, and with "gamma" and "beta" for the normalisations as in older files) into the variables of the trunk below a scope of the store, such as "shared" for
// arch.HardSharing{Trunk: b} or arch.LoRA{Trunk: b}. Call it before Fit, or on a store that has them; mtl.Freeze keeps them.
//
// A config.json in the file's folder must agree with the trunk: its number of heads, which no shape shows, its sizes, activation and normalisation. Without one Heads must be
// set. The error lists what differs, and every tensor that is missing, of another shape, or of a layer that the trunk does not have; then nothing was changed.
func (b BERT) Load(store *model.Store, scope string, f *File) error {
	if err := b.agrees(f); err != nil {
		return err
	}
	return load(store, scope, f, b.filled().entries(), "encoder.layer.", "bert.encoder.layer.")
}

// agrees compares the trunk with the file's config.json.
func (b BERT) agrees(f *File) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	const heads = "num_attention_heads"
	if b.Heads == 0 && !c.has(heads) {
		return fmt.Errorf("mtl: how many heads the weights in %s were made for, no shape of them shows: wanted BERT.Heads, or %s in a config.json in the file's folder", f.name, heads)
	}
	b = b.filled()
	if b.Heads < 0 || b.Width%b.Heads != 0 {
		return fmt.Errorf("mtl: BERT.Heads is %d; wanted a number that divides BERT.Width, %d", b.Heads, b.Width)
	}
	c.want("model_type", "this trunk", "bert")
	c.want("vocab_size", "BERT.Vocabulary", b.Vocabulary)
	c.want("max_position_embeddings", "BERT.Positions", b.Positions)
	c.want("type_vocab_size", "BERT.Types", b.Types)
	c.want("num_hidden_layers", "BERT.Layers", b.Layers)
	c.want("hidden_size", "BERT.Width", b.Width)
	c.want(heads, "BERT.Heads", b.Heads)
	c.want("intermediate_size", "BERT.Hidden", b.Hidden)
	c.want("pad_token_id", "BERT.Padding", b.Padding)
	c.want("hidden_act", "the activation of this trunk", "gelu")
	c.want("layer_norm_eps", "the constant of this trunk's normalisations", bertEpsilon)
	c.want("position_embedding_type", "the kind of positions of this trunk", "absolute")
	c.want("is_decoder", "attention in this trunk to earlier tokens only", false)
	return c.err("BERT")
}

// entries are the tensors of a trunk whose fields are filled in.
func (b BERT) entries() []entry {
	var entries []entry
	add := func(path string, shape, order []int, names ...string) {
		e := entry{path: path, shape: shape, order: order}
		for _, name := range names {
			e.names = append(e.names, name, "bert."+name)
		}
		entries = append(entries, e)
	}
	dense := func(name, path string, in, out int) {
		add(path+"/dense/weights", []int{out, in}, []int{1, 0}, name+".weight")
		add(path+"/dense/biases", []int{out}, nil, name+".bias")
	}
	norm := func(name, path string) {
		add(path+"layer_normalization/gain", []int{b.Width}, nil, name+".weight", name+".gamma")
		add(path+"layer_normalization/offset", []int{b.Width}, nil, name+".bias", name+".beta")
	}
	add("words/embeddings", []int{b.Vocabulary, b.Width}, nil, "embeddings.word_embeddings.weight")
	add("positions/positions", []int{b.Positions, b.Width}, nil, "embeddings.position_embeddings.weight")
	add("types/embeddings", []int{b.Types, b.Width}, nil, "embeddings.token_type_embeddings.weight")
	norm("embeddings.LayerNorm", "")
	for i := range b.Layers {
		name, path := fmt.Sprintf("encoder.layer.%d.", i), fmt.Sprintf("encoder/layer_%d/", i)
		for _, part := range []string{"query", "key", "value"} {
			dense(name+"attention.self."+part, path+"attention/"+part, b.Width, b.Width)
		}
		dense(name+"attention.output.dense", path+"attention/output", b.Width, b.Width)
		norm(name+"attention.output.LayerNorm", path+"attention/")
		dense(name+"intermediate.dense", path+"feed_forward/first", b.Width, b.Hidden)
		dense(name+"output.dense", path+"feed_forward/second", b.Hidden, b.Width)
		norm(name+"output.LayerNorm", path+"feed_forward/")
	}
	return entries
}
