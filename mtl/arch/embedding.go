package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/mtl"
)

// Embedding is a trunk of a table of vectors: token ids [batch, length] of any integer type become [batch, length, Width], 0 at padding. It goes
// in front of Conv, GRU, LSTM or Transformer in a Sequence; Text also hands the padding on. An id of the data outside of Vocabulary is an
// error, as mtl.WantIDs says; what one that the model computes gives there depends on the backend.
type Embedding struct {
	// Vocabulary is the number of ids, padding included.
	Vocabulary int
	// Width is the number of features of a token.
	Width int
	// Padding is the id of padding. Where every id is a token, set it to -1.
	Padding int
	// Initializer of the table; nil means normal with deviation 1, as in PyTorch.
	Initializer Initializer
}

// Represent implements Trunk.
func (e Embedding) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	if len(inputs) != 1 {
		panicf("arch.Embedding takes one input of token ids [batch, length]; got %s", inputs)
	}
	x, _ := e.embed("arch.Embedding", scope, inputs[0])
	return x
}

// embed returns the vectors [batch, length, Width] and where there is no padding [batch, length].
func (e Embedding) embed(name string, scope *model.Scope, ids *graph.Node) (x, mask *graph.Node) {
	if e.Vocabulary < 1 || e.Width < 1 {
		panicf("%s has a vocabulary of %d and width %d; wanted 1 or more of each", name, e.Vocabulary, e.Width)
	}
	if ids.Rank() != 2 || !ids.DType().IsInt() {
		panicf("%s takes integer token ids [batch, length]; got %s", name, ids.Shape())
	}
	if e.Initializer != nil {
		scope = scope.WithInitializer(e.Initializer(scope))
	} else {
		scope = scope.WithInitializer(initializer.RandomNormalFn(scope, 1))
	}
	table := scope.VariableWithShape("embeddings", shapes.Make(dtypes.Float32, e.Vocabulary, e.Width)).NodeValue(ids.Graph())
	mtl.WantIDs(ids, e.Vocabulary, name)
	// The gradient adds the rows up, so that they need no order.
	x = graph.Gather(table, graph.InsertAxes(ids, -1))
	if e.Padding < 0 {
		return x, nil
	}
	mask = graph.NotEqual(ids, graph.Scalar(ids.Graph(), ids.DType(), e.Padding))
	return clearPadding(x, mask), mask
}
