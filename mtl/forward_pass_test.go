package mtl

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// scaledBy multiplies the features of sharedDense by a vector that only the function knows.
func scaledBy(factors []float32) Architecture {
	return featuresFunc(func(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
		features := sharedDense(len(factors)).Features(scope, inputs, tasks)
		for i, f := range features {
			features[i] = graph.Mul(f, graph.InsertAxes(graph.Const(f.Graph(), factors), 0))
		}
		return features
	})
}

// branchedBy has the vector inside a branch of the graph.
func branchedBy(factors []float32) Architecture {
	return featuresFunc(func(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
		features := sharedDense(len(factors)).Features(scope, inputs, tasks)
		for i, f := range features {
			g := f.Graph()
			branch := func(factors []float32) *graph.Function {
				return graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
					return []*graph.Node{graph.Const(g, factors)}
				})
			}
			chosen := graph.If(graph.Const(g, true), branch(factors), branch(make([]float32, len(factors))))
			features[i] = graph.Mul(f, graph.InsertAxes(graph.StopGradient(chosen[0]), 0))
		}
		return features
	})
}

// A constant tells runs apart however large it is, and whichever of its values differs.
func TestRunFolderWithAnotherVector(t *testing.T) {
	vector := func(n, at int, value float32) []float32 {
		factors := make([]float32, n)
		for i := range factors {
			factors[i] = 1
		}
		factors[at] = value
		return factors
	}
	for name, made := range map[string]func([]float32) Architecture{"trunk": scaledBy, "branch": branchedBy} {
		for _, n := range []int{4, 31, 32, 40, 2000} {
			t.Run(fmt.Sprint(name, " of ", n), func(t *testing.T) {
				m, data, o := folderRun(t, t.TempDir())
				m.Arch = made(vector(n, 0, 1))
				fitTo(t, m, data, o)
				fitTo(t, m, data, o) // the same again
				for _, at := range []int{0, n / 2, n - 1} {
					m.Arch = made(vector(n, at, 3))
					_, err := Fit(context.Background(), m, data, o)
					if err == nil || !strings.Contains(err.Error(), "forward pass: graph ") {
						t.Errorf("another value at %d: error %v", at, err)
					}
				}
			})
		}
	}
}
