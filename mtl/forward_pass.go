package mtl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// describeForwardPass is a hash of the graph that computes the losses of one batch. It tells apart
// what words cannot: constants inside functions, of any size, such as the δ of Huber or what a
// TrunkFunc does.
// It is "unknown" without data in memory, or where the graph cannot be built by itself.
//
// The graph is built for GoMLX's own backend where that is there, so that a run can go on another one.
func describeForwardPass(m *Model, split *Split, o FitOptions) string {
	backend := host()
	if backend == nil {
		backend = o.Backend
	}
	if split.Len() == 0 || backend == nil {
		return unknown
	}
	batch, err := split.rows(make([]int32, o.BatchSize))
	if err != nil {
		return unknown
	}
	sum := sha256.New()
	if err := try(func() {
		fmt.Fprint(sum, lossGraph(constants{backend, sum}, m, batch, o.Store))
	}); err != nil {
		return unknown
	}
	return "graph " + hex.EncodeToString(sum.Sum(nil)[:8])
}

const (
	forwardPass = "forward pass" // its name in a Description
	unknown     = "unknown"
)

// lossGraph is the text of a graph of the losses in training. store, which may be nil, gives the
// parameters that layers read.
func lossGraph(backend compute.Backend, m *Model, batch *Split, store *model.Store) string {
	scratch := model.NewStore()
	if store != nil {
		for path, value := range store.IterParams() {
			scratch.SetParam(path, value)
		}
	}
	if err := scratch.SetRNGStateFromSeed(1); err != nil {
		panic(err)
	}
	g := graph.NewGraph(backend, "losses")
	defer g.Finalize()
	model.SetStore(g, scratch)
	scratch.SetTraining(g, true)
	data := newFeed(batch, m.Tasks)
	nodes := data.whole(data.parameters(g))
	m.taskLosses(nodes.labels, nodes.masks, m.Graph(scratch.RootScope(), nil, nodes.inputs))
	return g.String()
}
