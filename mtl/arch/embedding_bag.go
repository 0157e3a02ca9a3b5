package arch

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// EmbeddingBag is a trunk that makes one vector of each bag of ids: ids [batch, length], or [batch] for one id each, become the mean or sum of their
// vectors [batch, Width], padding left out (PyTorch's torch.nn.EmbeddingBag; the continuous bag of words). Several inputs, such as the words
// of a text, a user and a product, have a table each, "input_0", "input_1", ..., and are joined to [batch, inputs·Width]. Floating-point inputs [batch, features]
// among them are joined as they are, so that tables with numbers and categories pass too; dense layers on top make it a network.
type EmbeddingBag struct {
	// Vocabularies is the number of ids of each integer input, in their order, padding included.
	Vocabularies []int
	// Width is the number of features of an id.
	Width int
	// Padding is the id of padding in inputs [batch, length]. Where every id counts, set it to -1. Inputs [batch] have none.
	Padding int
	// Pool nil means PoolMean; PoolSum adds up.
	Pool Pool
	// Initializer of the tables; nil means normal with deviation 1, as in PyTorch.
	Initializer Initializer
}

// Represent implements Trunk.
func (e EmbeddingBag) Represent(scope *model.Scope, inputs []*graph.Node) *graph.Node {
	pool := e.Pool
	if pool == nil {
		pool = PoolMean
	}
	parts, tables := make([]*graph.Node, len(inputs)), 0
	for i, x := range inputs {
		if x.DType().IsFloat() {
			parts[i] = graph.ConvertDType(graph.Reshape(x, x.Shape().Dimensions[0], -1), dtypes.Float32)
			continue
		}
		if tables == len(e.Vocabularies) {
			panicf("arch.EmbeddingBag has %d vocabularies, too few for the inputs %s: wanted one for each integer input", tables, inputs)
		}
		table := Embedding{Vocabulary: e.Vocabularies[tables], Width: e.Width, Padding: e.Padding, Initializer: e.Initializer}
		if x.Rank() == 1 {
			x, table.Padding = graph.InsertAxes(x, -1), -1
		}
		tables++
		parts[i] = pool(table.embed("arch.EmbeddingBag", scope.At("input_%d", i), x))
	}
	if tables != len(e.Vocabularies) || tables == 0 {
		panicf("arch.EmbeddingBag has %d vocabularies for %d integer inputs among %s; wanted one for each, and at least one", len(e.Vocabularies), tables, inputs)
	}
	return graph.Concatenate(parts, -1)
}
