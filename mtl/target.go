package mtl

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Target is where a gradient method takes its gradients. String says what and at which cost.
type Target interface {
	fmt.Stringer
	// groups returns parts that get weights of their own. Shared variables in none of them get the first group's weights by one
	// more backward pass.
	groups(s *Step, losses *taskLosses) []targetGroup
}

// targetGroup is a set of nodes on which gradients are taken. Its nodes are the values of its variables, or, without variables, a representation.
type targetGroup struct {
	name      string
	variables []*model.Variable
	nodes     []*graph.Node
}

// SharedParameters takes exact gradients on all shared parameters: T backward passes through the trunk.
type SharedParameters struct{}

func (SharedParameters) String() string { return "all shared parameters (T backward passes)" }

func (SharedParameters) groups(s *Step, _ *taskLosses) []targetGroup {
	return []targetGroup{groupOf(s, "", s.SharedVariables())}
}

// Representation takes gradients on the shared representation, the input of the heads: T backward passes through the heads and a single one through the trunk ("-UB",
// Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018, section 3.3). The weights are those of the exact Gramian only where
// the trunk's Jacobian is a multiple of an isometry; each example counts on its own, nothing is summed over the batch before the inner products.
type Representation struct{}

func (Representation) String() string {
	return "the shared representation (T backward passes through the heads, 1 through the trunk)"
}

func (Representation) groups(_ *Step, losses *taskLosses) []targetGroup {
	var nodes []*graph.Node
	for _, z := range losses.features {
		if !slices.Contains(nodes, z) {
			nodes = append(nodes, z)
		}
	}
	if len(nodes) == 0 {
		panicf("no representation in this graph: give the trainer Model.Graph as its model function")
	}
	return []targetGroup{{nodes: nodes}}
}

// Under takes gradients on the shared parameters whose path starts with Path, such as "shared/residual_2": T backward passes that end there, and one
// through the whole trunk.
type Under struct{ Path string }

func (u Under) String() string {
	return fmt.Sprintf("the shared parameters under %q (T backward passes down to there, 1 through the trunk)", u.Path)
}

func (u Under) groups(s *Step, _ *taskLosses) []targetGroup {
	prefix := "/" + strings.Trim(u.Path, "/")
	var chosen []*model.Variable
	var paths []string
	for _, v := range s.SharedVariables() {
		paths = append(paths, v.Path())
		if v.Path() == prefix || strings.HasPrefix(v.Path(), prefix+"/") {
			chosen = append(chosen, v)
		}
	}
	if len(chosen) == 0 {
		panicf("no shared parameter is under %q: there are %q", u.Path, paths)
	}
	return []targetGroup{groupOf(s, "", chosen)}
}

// LastSharedLayer takes gradients on the last shared layer: the one whose parameters enter the computation last (Chen et al., "GradNorm", ICML
// 2018, section 3.1). T backward passes through heads and that layer, and one through the trunk.
type LastSharedLayer struct{}

func (LastSharedLayer) String() string {
	return "the last shared layer (T backward passes down to it, 1 through the trunk)"
}

func (LastSharedLayer) groups(s *Step, _ *taskLosses) []targetGroup {
	layers, nodes := layersOf(s), s.Graph().Nodes()
	for id := int(s.Losses.Id()) - 1; id >= 0; id-- {
		for _, layer := range layers {
			if slices.ContainsFunc(nodes[id].Inputs(), func(input *graph.Node) bool { return slices.Contains(layer.nodes, input) }) {
				layer.name = ""
				return []targetGroup{layer}
			}
		}
	}
	panicf("no task loss depends on the shared parameters")
	return nil
}

// PerLayer takes each layer's gradients on their own: every layer gets its own weights, state and direction. T backward passes. The heads and
// the history get the mean weights.
type PerLayer struct{}

func (PerLayer) String() string { return "each shared layer by itself (T backward passes)" }

func (PerLayer) groups(s *Step, _ *taskLosses) []targetGroup { return layersOf(s) }

// layersOf groups the shared variables by their scope.
func layersOf(s *Step) []targetGroup {
	var names []string
	layers := map[string][]*model.Variable{}
	for _, v := range s.SharedVariables() {
		name := path.Dir(v.Path())
		if layers[name] == nil {
			names = append(names, name)
		}
		layers[name] = append(layers[name], v)
	}
	if len(names) == 0 {
		panicf("the model has no shared parameters under scope %q", SharedScope)
	}
	groups := make([]targetGroup, len(names))
	for i, name := range names {
		groups[i] = groupOf(s, model.EscapeScopeName(strings.TrimPrefix(name, "/")), layers[name])
	}
	return groups
}

func groupOf(s *Step, name string, variables []*model.Variable) targetGroup {
	return targetGroup{name: name, variables: variables, nodes: nodesOf(s.Graph(), variables)}
}
