package mtl

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/history"
)

// oneVector is a trunk x·w without a bias, w = (1, -2), whose heads pass it on.
type oneVector struct{}

func (oneVector) Features(scope *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	w := scope.At(SharedScope).VariableWithValue("w", []float32{1, -2}).NodeValue(inputs[0])
	p := graph.ReduceSum(graph.Mul(inputs[0], graph.InsertAxes(w, 0)), -1)
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = p
	}
	return features
}

// gramianRow reports a row of the Gramian as the task weights, where the history shows it.
type gramianRow int

func (row gramianRow) Weights(s *Step) *graph.Node {
	return graph.Reshape(graph.SliceAxis(s.Gramian(), 0, graph.AxisElem(int(row))), s.Tasks())
}

// The gradient of mean (x·w - y)² is 2/B·Xᵀ(Xw - y): the Gramian by hand.
func TestGramian(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {3, -1}}
	y := [][]float64{{0.5, -1, 2}, {4, 0, -3}}
	var gradients [2][2]float64
	for task := range y {
		for i, row := range x {
			residual := row[0]*1 + row[1]*-2 - y[task][i]
			for k := range row {
				gradients[task][k] += 2.0 / 3 * row[k] * residual
			}
		}
	}
	identity := WithHead(HeadFunc(func(_ *model.Scope, features *graph.Node) *graph.Node { return features }))
	m := &Model{Arch: oneVector{}, Tasks: []Task{Regression("a", 1, identity), Regression("b", 1, identity)}}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		// Of its own for each backend: a tensor stays on the one it was put on.
		split := &Split{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions([]float32{1, 2, -1, 0.5, 3, -1}, 3, 2)},
			Labels: map[string]*tensors.Tensor{
				"a": tensors.FromFlatDataAndDimensions([]float32{0.5, -1, 2}, 3),
				"b": tensors.FromFlatDataAndDimensions([]float32{4, 0, -3}, 3),
			},
		}
		for i := range 2 {
			h, err := Fit(context.Background(), m, Data{Train: split}, FitOptions{Backend: b, Steps: 1, BatchSize: 3, Weighting: gramianRow(i), Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			weights := h.Last(history.Train).Weight
			for j, name := range m.TaskNames() {
				want := gradients[i][0]*gradients[j][0] + gradients[i][1]*gradients[j][1]
				if math.Abs(weights[name]-want) > 1e-5*math.Abs(want) {
					t.Errorf("G[%d][%d] is %v, want %v", i, j, weights[name], want)
				}
			}
		}
	})
}
