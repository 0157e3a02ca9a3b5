package pretrained_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/mtl/arch/pretrained"
)

// weights copies a file of testdata into a folder with a config.json.
func weights(t *testing.T, name, config string) *pretrained.File {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	check(t, err)
	path := filepath.Join(dir, "model.safetensors")
	check(t, os.WriteFile(path, data, 0o600))
	if config != "" {
		check(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600))
	}
	f, err := pretrained.Open(path)
	check(t, err)
	t.Cleanup(func() { check(t, f.Close()) })
	return f
}

// bertConfig is what transformers writes for the BERT of testdata/networks.py.
const bertConfig = `{"architectures": ["BertModel"], "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 6,
	"initializer_range": 0.02, "intermediate_size": 10, "is_decoder": false, "layer_norm_eps": 1e-12, "max_position_embeddings": 8, "model_type": "bert",
	"num_attention_heads": 2, "num_hidden_layers": 2, "pad_token_id": 0, "position_embedding_type": "absolute", "type_vocab_size": 2, "vocab_size": 11}`

const (
	timmConfig         = `{"architecture": "resnet18", "num_classes": 1000, "num_features": 512, "pretrained_cfg": {"tag": "a1_in1k"}}`
	transformersConfig = `{"model_type": "resnet", "depths": [2, 1, 1], "embedding_size": 4, "hidden_sizes": [4, 8, 16], "layer_type": "basic", "hidden_act": "relu",
		"num_channels": 3, "downsample_in_first_stage": false}`
)

// A trunk that is not what config.json says is an error that names both, and nothing is loaded.
func TestLoadComparesWithConfig(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(bertConfig, old) {
			t.Fatalf("no %s in the config", old)
		}
		return strings.Replace(bertConfig, old, new, 1)
	}
	four := bert
	four.Heads = 3
	none := bert
	none.Heads = 0
	for _, c := range []struct {
		load         func(*model.Store, string, *pretrained.File) error
		file, config string
		want         string // "" where all is well
	}{
		{bert.Load, "bert.safetensors", bertConfig, ""},
		{bert.Load, "bert.safetensors", `{"num_attention_heads": 2.0}`, ""},
		{bert.Load, "bert.safetensors", `{"num_attention_heads": null}`, ""},
		{bert.Load, "bert.safetensors", "", ""},
		{four.Load, "bert.safetensors", bertConfig, "num_attention_heads is 2, but BERT.Heads is 3"},
		{none.Load, "bert.safetensors", bertConfig, "Heads is 8; wanted a number that divides BERT.Width, 6"},
		{none.Load, "bert.safetensors", "", "wanted BERT.Heads, or num_attention_heads in a config.json"},
		{none.Load, "bert.safetensors", `{"hidden_size": 6}`, "wanted BERT.Heads, or num_attention_heads in a config.json"},
		{bert.Load, "bert.safetensors", change(`"num_attention_heads": 2`, `"num_attention_heads": "2"`), `num_attention_heads is "2", but BERT.Heads is 2`},
		{bert.Load, "bert.safetensors", change(`"hidden_size": 6`, `"hidden_size": 8`), "hidden_size is 8, but BERT.Width is 6"},
		{bert.Load, "bert.safetensors", change(`_layers": 2`, `_layers": 3`), "num_hidden_layers is 3, but BERT.Layers is 2"},
		{bert.Load, "bert.safetensors", change(`_size": 10`, `_size": 24`), "intermediate_size is 24, but BERT.Hidden is 10"},
		{bert.Load, "bert.safetensors", change(`"gelu"`, `"gelu_new"`), `hidden_act is "gelu_new", but the activation of this trunk is gelu`},
		{bert.Load, "bert.safetensors", change(`1e-12`, `1e-05`), "layer_norm_eps is 1e-05, but the constant of this trunk's normalisations is 1e-12"},
		{bert.Load, "bert.safetensors", change(`_embeddings": 8`, `_embeddings": 512`), "max_position_embeddings is 512, but BERT.Positions is 8"},
		{bert.Load, "bert.safetensors", change(`"type_vocab_size": 2`, `"type_vocab_size": 1`), "type_vocab_size is 1, but BERT.Types is 2"},
		{bert.Load, "bert.safetensors", change(`"vocab_size": 11`, `"vocab_size": 12`), "vocab_size is 12, but BERT.Vocabulary is 11"},
		{bert.Load, "bert.safetensors", change(`token_id": 0`, `token_id": 1`), "pad_token_id is 1, but BERT.Padding is 0"},
		{bert.Load, "bert.safetensors", change(`"absolute"`, `"relative_key"`), `position_embedding_type is "relative_key"`},
		{bert.Load, "bert.safetensors", change(`"is_decoder": false`, `"is_decoder": true`), "is_decoder is true"},
		{bert.Load, "bert.safetensors", change(`"model_type": "bert"`, `"model_type": "roberta"`), `model_type is "roberta", but this trunk is bert`},
		{bert.Load, "bert.safetensors", "[]", "wanted a JSON object"},
		{resNet.Load, "resnet.safetensors", transformersConfig, ""},
		{resNet.Load, "resnet.safetensors", timmConfig, `architecture is "resnet18", but this trunk is one of blocks [2 1 1]; num_features is 512, but the number of channels that the trunk returns is 16`},
		{resNet.Load, "resnet.safetensors", `{"architecture": "resnet50"}`, `architecture is "resnet50"`},
		{resNet.Load, "resnet.safetensors", strings.Replace(transformersConfig, "basic", "bottleneck", 1), `layer_type is "bottleneck", but the kind of block of this trunk is basic`},
		{resNet.Load, "resnet.safetensors", strings.Replace(transformersConfig, "[2, 1, 1]", "[2, 1, 2]", 1), "depths is [2, 1, 2], but ResNet.Blocks is [2 1 1]"},
		{resNet.Load, "resnet.safetensors", bertConfig, `model_type is "bert", but this trunk is resnet`},
	} {
		store := model.NewStore()
		err := c.load(store, "shared", weights(t, c.file, c.config))
		if c.want == "" {
			check(t, err)
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "mtl: ") || store.NumVariables() != 0 {
			t.Errorf("%s with %s: error %v and %d variables; wanted %q and none", c.file, c.config, err, store.NumVariables(), c.want)
		}
	}
}

// The zero values are what the published configurations of ResNet-18 and BERT-small say.
func TestZeroValuesAgreeWithPublishedConfigs(t *testing.T) {
	const small = `{"hidden_act": "gelu", "hidden_size": 512, "intermediate_size": 2048, "max_position_embeddings": 512, "num_attention_heads": 8,
		"num_hidden_layers": 4, "type_vocab_size": 2, "vocab_size": 30522, "layer_norm_eps": 1e-12}`
	for _, err := range []error{
		pretrained.ResNet{}.Load(model.NewStore(), "shared", weights(t, "bert.safetensors", timmConfig)),
		pretrained.BERT{}.Load(model.NewStore(), "shared", weights(t, "resnet.safetensors", small)),
	} {
		if err == nil || !strings.Contains(err.Error(), "has other tensors than the network") {
			t.Errorf("error %v; wanted the config to be taken, and the tensors not", err)
		}
	}
}

// Whatever the bytes are, a tensor that can be read has as many numbers as its shape says.
func FuzzNumbers(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}`, make([]byte, 16)...))
	f.Add(file(`{"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"__metadata__":{"x":"y"}}`, 1, 2))
	f.Add(file(`{"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}`))
	f.Add(file(`{"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}`, 1, 2, 3))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := readBytes(raw)
		if err != nil {
			return
		}
		for _, name := range r.Names() {
			shape, _ := r.Shape(name)
			want := 1
			for _, d := range shape {
				want *= d
			}
			if numbers, err := r.Numbers(name); err == nil && len(numbers) != want {
				t.Fatalf("%d numbers in shape %v", len(numbers), shape)
			}
		}
	})
}

// Whatever a config.json holds, the weights are loaded or refused.
func FuzzConfig(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "model.safetensors")
	data, err := os.ReadFile(filepath.Join("testdata", "bert.safetensors"))
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{bertConfig, timmConfig, transformersConfig, "null", "[]", `{"num_attention_heads": {}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		check(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
		w, err := pretrained.Open(path)
		check(t, err)
		store := model.NewStore()
		if bert.Load(store, "shared", w) != nil && store.NumVariables() > 0 {
			t.Fatal("refused weights were loaded")
		}
		_ = resNet.Load(model.NewStore(), "shared", w)
		check(t, w.Close())
	})
}
