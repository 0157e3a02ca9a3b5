package mtl

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
)

// The factors of a dense layer's task gradients give the Gramian and the combination of the gradients themselves, also with leading axes and
// with a task that is left out.
func TestDenseFactors(t *testing.T) {
	const count = 3
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, dims := range [][]int{{4, 16}, {2, 3, 16}} {
			x := make([]float32, shape32(dims...).Size())
			for i := range x {
				x[i] = float32(math.Sin(1.3 * float64(i)))
			}
			e := graph.MustNewExec(b, func(x *graph.Node) []*graph.Node {
				g := x.Graph()
				w := graph.MulScalar(graph.Iota(g, shape32(16, 12), 1), 0.01)
				y := graph.DotGeneral(x, []int{x.Rank() - 1}, nil, w, []int{0}, nil)
				var losses []*graph.Node
				for i := range count {
					losses = append(losses, graph.ReduceAllMean(graph.Square(graph.Sin(graph.AddScalar(graph.MulScalar(y, i+1), i)))))
				}
				source := &onNodes{losses: losses, nodes: []*graph.Node{w}}
				factors, ok := source.vectors()[0].(*denseVectors)
				if !ok {
					t.Fatalf("the gradients of a weight matrix used as %s are %T, not in factors", y, source.vectors()[0])
				}
				var plain stored
				for _, l := range losses {
					plain = append(plain, graph.Gradient(l, w)[0])
				}
				weights := graph.Const(g, []float32{0.5, float32(math.NaN()), 2})
				usable := graph.Const(g, []bool{true, false, true})
				return []*graph.Node{
					factors.gramian(), plain.gramian(), factors.combine(weights, usable), plain.combine(weights, usable), factors.all()[1], plain[1],
				}
			})
			out, err := e.Call(tensors.FromFlatDataAndDimensions(x, dims...))
			if err != nil {
				t.Fatal(err)
			}
			for k := 0; k < len(out); k += 2 {
				got, _ := tensors.CopyFlatData[float32](out[k])
				want, _ := tensors.CopyFlatData[float32](out[k+1])
				for i := range want {
					if !(math.Abs(float64(got[i]-want[i])) <= 1e-5*(1+math.Abs(float64(want[i])))) {
						t.Fatalf("input %v, output %d, entry %d: %v from factors, %v from gradients", dims, k, i, got[i], want[i])
					}
				}
			}
		}
	})
}

// GoMLX's dense layers are seen as such where the backend has no fused form of them; a matrix used twice, or otherwise, is not.
func TestDenseLayersAreFound(t *testing.T) {
	store := model.NewStore()
	e := model.MustNewExec(backendtest.XLA(t), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		h := layers.DenseWithBias(scope.At("one"), x, 5)
		twice := scope.VariableWithShape("twice", shape32(5, 5)).NodeValue(x.Graph())
		h = graph.Dot(graph.Tanh(graph.Dot(h, twice).Product()), twice).Product()
		turned := scope.VariableWithShape("turned", shape32(5, 5)).NodeValue(x.Graph())
		h = graph.Einsum("ij,kj->ik", h, turned)
		var nodes []*graph.Node
		for _, path := range []string{"/one/dense/weights", "/one/dense/biases", "/twice", "/turned"} {
			nodes = append(nodes, store.GetVariable(path).NodeValue(x.Graph()))
		}
		loss := graph.ReduceAllSum(h)
		found := denseLayers([]*graph.Node{loss}, nodes)
		if found[0] == nil || found[0].rows != 4 || found[0].in != 3 || found[0].out != 5 {
			t.Errorf("the dense layer was found as %+v", found[0])
		}
		for k, layer := range found[1:] {
			if layer != nil {
				t.Errorf("node %d was taken for a weight matrix: %+v", k+1, layer)
			}
		}
		return loss
	})
	if _, err := e.Call(tensors.FromFlatDataAndDimensions(make([]float32, 12), 4, 3)); err != nil {
		t.Fatal(err)
	}
}

func shape32(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }
