package arch_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
)

// expertModels are architectures of experts for the tasks "class" and "value", with how many variables are shared and how many of them each task has, heads included.
var expertModels = []struct {
	name   string
	arch   mtl.Architecture
	input  []int
	shared int
	own    int
	xla    bool // compiling is slow: one of each kind
}{
	{"MMoE", arch.MMoE{Expert: arch.Dense{Widths: []int{6, 4}}, Experts: 3}, []int{8, 5}, 4, 3, false},
	{"MMoE with a hidden layer in the gates", arch.MMoE{Expert: arch.Dense{Widths: []int{4}, Normalization: arch.LayerNorm, Dropout: 0.2, L1: 1e-4, L2: 1e-3}, Gate: hiddenGate},
		[]int{8, 5}, 3, 5, false},
	{"MMoE on pictures", arch.MMoE{Bottom: arch.Conv{Stages: stages[:1]}, Expert: arch.Conv{Stages: stages[1:], Normalization: arch.BatchNorm}, Experts: 2},
		[]int{8, 6, 6, 2}, 2 + 2*2*3, 3, true},
	{"CGC", arch.CGC{Expert: arch.Dense{Widths: []int{4}, Normalization: arch.BatchNorm}, Shared: 2, OwnOf: map[string]int{"value": 1}}, []int{8, 5}, 3, 1 + 2 + 3, false},
	{"CGC on pictures", arch.CGC{Bottom: arch.Conv{Stages: stages[:1]}, Expert: arch.Dense{Widths: []int{4}}}, []int{8, 6, 6, 2}, 2 + 2, 2 + 3, false},
	{"PLE", arch.PLE{Levels: []arch.ExpertLevel{{Expert: arch.Dense{Widths: []int{6}}, Shared: 2}, {Expert: arch.Dense{Widths: []int{4}}, Own: 2}}}, []int{8, 5}, 2 + 1 + 2, 3 + 3 + 2, true},
	{"DSelectK", arch.DSelectK{Expert: arch.Dense{Widths: []int{4}}, Experts: 5}, []int{8, 5}, 2, 4 + 2, true},
	{"DSelectK, static", arch.DSelectK{Bottom: arch.Dense{Widths: []int{6}}, Expert: arch.Dense{Widths: []int{4}}, Static: true, Selectors: 3, Gamma: 2}, []int{8, 5}, 2 + 2, 2 + 2, false},
}

func hiddenGate(scope *model.Scope, _, features []*graph.Node) *graph.Node {
	return arch.Dense{Widths: []int{4}}.Represent(scope, features)
}

// The partition of the variables, a gradient on each of them, and training on both backends.
func TestExpertModels(t *testing.T) {
	labels := []*tensors.Tensor{tensors.FromValue([]int32{0, 1, 2, 0, 1, 2, 0, 1}), wave(8)}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range expertModels {
			if backend.Name() == "xla" && !c.xla {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				m := &mtl.Model{Arch: c.arch, Tasks: []mtl.Task{mtl.Classification("class", 3), mtl.Regression("value", 1)}}
				inputs := []*tensors.Tensor{wave(c.input...)}
				losses := steps(t, backend, seeded(1), m, 20, inputs, labels)
				if !(losses[19] < losses[0]) {
					t.Errorf("losses %v do not fall", losses)
				}
				if backend.Name() == "xla" {
					return // What follows is the same graph on every backend, and compiling it is slow.
				}
				store := seeded(1)
				for path, sum := range gradients(t, backend, store, m, inputs, labels) {
					if !(sum > 0) || math.IsInf(sum, 0) {
						t.Errorf("the gradient on %s sums up to %v", path, sum)
					}
				}
				shared, own := partition(t, store, m)
				if shared != c.shared || own["class"] != c.own || own["value"] != c.own {
					t.Errorf("%d shared variables, by task %v; wanted %d, and %d for each task", shared, own, c.shared, c.own)
				}
			})
		}
	})
}

// What belongs to a task gets no gradient from the other; below the last level of PLE, own experts do, through the shared gate.
func TestOwnGradients(t *testing.T) {
	names := []string{"a", "b"}
	crossing := map[string]bool{"/level_0/experts/layer_0/dense/weights": true, "/level_0/experts/layer_0/dense/biases": true}
	for _, c := range expertModels {
		if len(c.input) > 2 {
			continue
		}
		if p, ok := c.arch.(arch.CGC); ok {
			p.OwnOf = nil
			c.arch = p
		}
		t.Run(c.name, func(t *testing.T) {
			_, ple := c.arch.(arch.PLE)
			for i, task := range names {
				r := runExperts(t, backendtest.Go(t), c.arch, names, seeded(2), false, wave(c.input...), func(h []*graph.Node) *graph.Node {
					return graph.ReduceAllSum(graph.Square(h[i]))
				})
				for path, d := range r.gradients {
					if !strings.HasPrefix(path, "/task/") {
						continue
					}
					own := strings.HasPrefix(path, "/task/"+task+"/")
					reached := slices.ContainsFunc(d, func(v float64) bool { return v != 0 })
					crosses := ple && crossing[strings.TrimPrefix(path, "/task/"+names[1-i])]
					if reached != (own || crosses) {
						t.Errorf("the gradient of task %s on %s is %v", task, path, d)
					}
				}
			}
		})
	}
}

// expertRun is what an architecture made of one batch.
type expertRun struct {
	features       [][]float64 // [task]
	gradients      map[string][]float64
	regularization float64
}

// runExperts runs an architecture once and takes the gradients of a loss and the regularisation by its variables.
func runExperts(t *testing.T, backend compute.Backend, a mtl.Architecture, tasks []string, store *model.Store, training bool, x *tensors.Tensor, loss func(h []*graph.Node) *graph.Node) expertRun {
	t.Helper()
	var paths []string
	outputs, err := execute(backend, store, []*tensors.Tensor{x}, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		g := nodes[0].Graph()
		store.SetTraining(g, training)
		of := make([]mtl.Task, len(tasks))
		for i, name := range tasks {
			of[i] = mtl.Binary(name, mtl.WithHead(arch.LogitHead{})) // only those that make logits look at it
		}
		h := a.Features(scope, nodes, of)
		total, added := loss(h), train.GetRegularizationLoss(g)
		if added == nil {
			added = graph.ScalarZero(g, total.DType())
		}
		var values []*graph.Node
		paths = nil
		for v := range store.IterVariables() {
			if v.Trainable && v.InUseByGraph(g) {
				paths, values = append(paths, v.Path()), append(values, v.NodeValue(g))
			}
		}
		return append(append(h, added), graph.Gradient(graph.Add(total, added), values...)...)
	})
	check(t, err)
	r := expertRun{gradients: map[string][]float64{}}
	for i := range tasks {
		r.features = append(r.features, numbers(t, outputs[i]))
	}
	r.regularization = numbers(t, outputs[len(tasks)])[0]
	for i, path := range paths {
		r.gradients[path] = numbers(t, outputs[len(tasks)+1+i])
	}
	return r
}

// nested is a JSON array of numbers of any rank.
type nested struct {
	dims []int
	flat []float32
}

func (n *nested) UnmarshalJSON(text []byte) error {
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		return err
	}
	n.add(parsed, 0)
	return nil
}

func (n *nested) add(value any, depth int) {
	items, ok := value.([]any)
	if !ok {
		n.flat = append(n.flat, float32(value.(float64)))
		return
	}
	if len(n.dims) == depth {
		n.dims = append(n.dims, len(items))
	}
	for _, item := range items {
		n.add(item, depth+1)
	}
}

func (n *nested) tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(n.flat, n.dims...)
}

func (n *nested) values() []float64 {
	out := make([]float64, len(n.flat))
	for i, v := range n.flat {
		out[i] = float64(v)
	}
	return out
}

// testdata/experts.py computes the same from the same weights with PyTorch, one expert and one example at a time.
func TestExpertsLikePyTorch(t *testing.T) {
	dense := func(widths ...int) arch.Dense { return arch.Dense{Widths: widths} }
	bTwo, aTwo := map[string]int{"b": 2}, map[string]int{"a": 2}
	architectures := map[string]mtl.Architecture{
		"MMoE": arch.MMoE{Expert: dense(6, 3), Experts: 3},
		"MMoE with a bottom, a hidden layer in the gate": arch.MMoE{Bottom: dense(5), Expert: dense(6, 3), Experts: 3, Gate: hiddenGate},
		"MMoE with layer normalisation":                  arch.MMoE{Expert: arch.Dense{Widths: []int{6, 3}, Normalization: arch.LayerNorm}, Experts: 3},
		"CGC":                                            arch.CGC{Expert: dense(5, 3), Shared: 2, OwnOf: bTwo},
		"PLE": arch.PLE{Levels: []arch.ExpertLevel{
			{Expert: dense(5), Shared: 2, OwnOf: bTwo}, {Expert: dense(4), OwnOf: aTwo}, {Expert: dense(3), Shared: 2, OwnOf: bTwo},
		}},
		"DSelectK of 4":         arch.DSelectK{Expert: dense(3), Experts: 4, Entropy: 0.1},
		"DSelectK of 5":         arch.DSelectK{Expert: dense(3), Experts: 5, Entropy: 0.3, Gamma: 0.5},
		"DSelectK of 6, static": arch.DSelectK{Expert: dense(3), Experts: 6, Entropy: 0.1, Gamma: 2, Selectors: 3, Static: true},
	}
	likePyTorch(t, "testdata/experts.json", []string{"a", "b"}, architectures, "MMoE with layer normalisation", "PLE", "DSelectK of 5")
}

// likePyTorch compares representations, regularisation and gradients of a training step with those of a file, for all its cases on the pure-Go backend and for some on
// XLA, where compiling is slow.
func likePyTorch(t *testing.T, file string, tasks []string, architectures map[string]mtl.Architecture, onXLA ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	var document struct {
		Inputs nested
		Cases  []struct {
			Name            string
			Inputs          *nested // the case's own, if any
			Variables       map[string]*nested
			Representations []nested
			Readout         []nested
			Regularisation  float64
			Gradients       map[string]*nested
		}
	}
	check(t, json.Unmarshal(text, &document))
	if len(document.Cases) != len(architectures) {
		t.Fatalf("%d cases; wanted %d", len(document.Cases), len(architectures))
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range document.Cases {
			if backend.Name() == "xla" && !slices.Contains(onXLA, c.Name) {
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				store := model.NewStore()
				for at, v := range c.Variables {
					store.Scope(path.Dir(at)).VariableWithValue(path.Base(at), v.tensor())
				}
				inputs := &document.Inputs
				if c.Inputs != nil {
					inputs = c.Inputs
				}
				r := runExperts(t, backend, architectures[c.Name], tasks, store, true, inputs.tensor(), func(h []*graph.Node) *graph.Node {
					var loss *graph.Node
					for i, x := range h {
						readout := graph.Const(x.Graph(), c.Readout[i].flat)
						term := graph.ReduceAllMean(graph.Einsum("bf,f->b", mtl.Flatten(x), readout))
						if loss != nil {
							term = graph.Add(loss, term)
						}
						loss = term
					}
					return loss
				})
				for i, h := range r.features {
					near(t, fmt.Sprint("representation ", i), h, c.Representations[i].values())
				}
				near(t, "regularisation", []float64{r.regularization}, []float64{c.Regularisation})
				if got, want := slices.Sorted(maps.Keys(r.gradients)), slices.Sorted(maps.Keys(c.Gradients)); !slices.Equal(got, want) {
					t.Fatalf("variables %q; wanted %q", got, want)
				}
				for at, want := range c.Gradients {
					near(t, "gradient on "+at, r.gradients[at], want.values())
				}
			})
		}
	})
}
