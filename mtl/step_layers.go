package mtl

import (
	"path"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// LayerGramians returns the Gramian of the gradients on each shared layer by itself, each [T, T], and the layers' scopes, such as "shared/layer_0/dense". Their sum is
// Gramian. It costs no more backward passes than Gramian does, and masks as that does.
func (s *Step) LayerGramians() (layers []string, gramians []*graph.Node) {
	source, variables := s.source, s.SharedVariables()
	on, ok := source.(*onNodes)
	if !ok || len(on.nodes) != len(variables) {
		panic(ErrNeedsModel)
	}
	s.Gramian()
	byLayer := map[string]*graph.Node{}
	for k, v := range variables {
		name := strings.TrimPrefix(path.Dir(v.Path()), "/")
		if byLayer[name] == nil {
			layers = append(layers, name)
		}
		byLayer[name] = sum(byLayer[name], on.vectors()[k].gramian())
	}
	both := graph.LogicalAnd(graph.InsertAxes(s.usable, 0), graph.InsertAxes(s.usable, 1))
	for _, name := range layers {
		g := byLayer[name]
		gramians = append(gramians, graph.Where(both, g, graph.ZerosLike(g)))
	}
	return layers, gramians
}
