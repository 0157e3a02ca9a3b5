package mtl_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

// relative is the mean of |y - p|/|y| for labels that are never 0, with numbers at unknown entries
// that a product with 0 would not undo.
func relative(labels, predictions []*graph.Node) *graph.Node {
	p := predictions[0]
	y := graph.Reshape(graph.ConvertDType(labels[0], p.DType()), p.Shape().Dimensions...)
	each := graph.Abs(graph.Div(graph.Sub(y, p), y))
	if len(labels) < 2 {
		return graph.ReduceAllMean(each)
	}
	known := graph.ConvertDType(graph.Reshape(labels[1], p.Shape().Dimensions...), p.DType())
	return graph.Div(graph.ReduceAllSum(graph.Mul(known, each)), graph.ReduceAllSum(known))
}

// surprise is the mean of -log of the softmax at the label, which has no logarithm for an index
// that is no class.
func surprise(labels, predictions []*graph.Node) *graph.Node {
	z := graph.Softmax(predictions[0], -1)
	each := graph.Neg(graph.Log(graph.ReduceSum(graph.Mul(graph.OneHot(labels[0], z.Shape().Dim(-1), z.DType()), z), -1)))
	if len(labels) < 2 {
		return graph.ReduceAllMean(each)
	}
	known := graph.ConvertDType(labels[1], z.DType())
	return graph.Div(graph.ReduceAllSum(graph.Mul(known, each)), graph.ReduceAllSum(known))
}

// The loss over a mask and its gradient are those of the known examples alone, whatever labels and
// predictions are elsewhere and whatever the loss makes of them. No gradient reaches the others,
// and without any label there is none.
func TestLossSeesKnownEntries(t *testing.T) {
	const examples, known = 6, 4
	type shaped struct{ labels, predictions []int }
	for what, c := range map[string]struct {
		task   mtl.Task
		of     shaped
		losses []loss.LossFn
	}{
		"regression":     {mtl.Regression("t", 1), shaped{nil, nil}, []loss.LossFn{mtl.AbsoluteError, mtl.Huber(1), relative}},
		"two values":     {mtl.Regression("t", 2), shaped{[]int{2}, []int{2}}, []loss.LossFn{relative}},
		"binary":         {mtl.Binary("t"), shaped{nil, nil}, []loss.LossFn{relative}},
		"multi-label":    {mtl.MultiLabel("t", 3), shaped{[]int{3}, []int{3}}, []loss.LossFn{relative}},
		"pixels":         {mtl.PixelRegression("t"), shaped{[]int{2, 2}, []int{2, 2}}, []loss.LossFn{relative}},
		"classification": {mtl.Classification("t", 3), shaped{nil, []int{3}}, []loss.LossFn{surprise}},
		"segmentation":   {mtl.Segmentation("t", 3), shaped{[]int{2, 2}, []int{2, 2, 3}}, []loss.LossFn{surprise}},
	} {
		for k, fn := range append(c.losses, c.task.Loss) {
			task := c.task
			task.Loss = fn
			backendtest.Each(t, func(t *testing.T, b compute.Backend) {
				classes := task.Kind == mtl.KindClassification || task.Kind == mtl.KindSegmentation
				for _, count := range []int{known, 0} {
					value, gradient := lossAt(t, b, &task, classes, c.of.labels, c.of.predictions, examples, count)
					var want float64
					wanted := make([]float64, 0)
					if count > 0 {
						want, wanted = lossAt(t, b, &task, classes, c.of.labels, c.of.predictions, known, -1)
					}
					if !(math.Abs(value-want) <= 1e-5*(1+math.Abs(want))) {
						t.Errorf("%s, loss %d, %d of %d labels known: %v, of the known alone %v", what, k, count, examples, value, want)
					}
					for i, d := range gradient {
						w := 0.0
						if i < len(wanted) {
							w = wanted[i]
						}
						if !(math.Abs(d-w) <= 1e-5*(1+math.Abs(w))) {
							t.Errorf("%s, loss %d, %d of %d labels known: the gradient is %v, of the known alone %v", what, k, count, examples, gradient, wanted)
							break
						}
					}
				}
			})
		}
	}
}

// lossAt returns loss and gradient on the predictions of so many examples, of which the first known
// ones have labels; -1 is all, without a mask.
func lossAt(t *testing.T, b compute.Backend, task *mtl.Task, classes bool, labelDims, predictionDims []int, examples, known int) (value float64, gradient []float64) {
	t.Helper()
	size := func(dims []int) int {
		n := 1
		for _, d := range dims {
			n *= d
		}
		return n
	}
	dims := append([]int{examples}, labelDims...)
	mask, p := make([]bool, size(dims)), make([]float32, examples*size(predictionDims))
	floats, indices := make([]float32, size(dims)), make([]int32, size(dims))
	for i := range mask {
		mask[i] = i/size(labelDims) < known
		floats[i], indices[i] = 1, int32(i*7%3)
		if known >= 0 && !mask[i] {
			floats[i], indices[i] = float32([]float64{math.NaN(), math.Inf(1), 0}[i%3]), -77
		}
	}
	for i := range p {
		p[i] = float32(math.Sin(float64(3*i + 1)))
		if known >= 0 && i/size(predictionDims) >= known {
			p[i] = float32([]float64{math.NaN(), math.Inf(-1), 1e30}[i%3])
		}
	}
	y := tensors.FromFlatDataAndDimensions(floats, dims...)
	if classes {
		y = tensors.FromFlatDataAndDimensions(indices, dims...)
	}
	outputs, err := graph.CallOnceN(b, func(y, mask, p *graph.Node) []*graph.Node {
		if known < 0 {
			mask = nil
		}
		value, _ := task.LossOver(y, mask, p)
		return []*graph.Node{value, graph.Gradient(value, p)[0]}
	}, y, tensors.FromFlatDataAndDimensions(mask, dims...), tensors.FromFlatDataAndDimensions(p, append([]int{examples}, predictionDims...)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range flat32(t, outputs[1]) {
		gradient = append(gradient, float64(v))
	}
	return float64(flat32(t, outputs[0])[0]), gradient
}

func flat32(t *testing.T, x *tensors.Tensor) []float32 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// A loss that is undefined at unknown labels trains, next to another task, on the same trunk.
func TestUndefinedLossTrains(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		m, s := regressions("a", "b")
		m.Tasks[1] = mtl.Regression("b", 1, mtl.WithLoss(relative))
		known := make([]bool, 24)
		known[7] = true // most batches have no label
		s.Masks["b"] = tensors.FromValue(known)
		_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Steps: 12, BatchSize: 4, StepsPerCall: 1, Log: quiet})
		if err != nil {
			t.Error(err)
		}
	})
}

// Means over more entries than float32 can count, of 2^24 ones and three zeros, are what they are.
func TestManyEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("half a gigabyte")
	}
	const ones, n = 1 << 24, 1<<24 + 3
	want := float32(float64(ones) / n)
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, dims := range [][]int{{n}, {n, 1}} {
			outputs, err := graph.CallOnceN(b, func(known *graph.Node) []*graph.Node {
				g := known.Graph()
				known = graph.BroadcastToDims(known, dims...)
				x := graph.ConvertDType(graph.LessThan(graph.Iota(g, shapes.Make(dtypes.Int32, dims...), 0), graph.Const(g, int32(ones))), dtypes.Float32)
				none := graph.ZerosLike(x)
				return []*graph.Node{
					mtl.MeanOver(x, known), mtl.MeanOver(x, nil), mtl.SquaredError([]*graph.Node{none, known}, []*graph.Node{x}),
					mtl.AbsoluteError([]*graph.Node{none}, []*graph.Node{x}),
				}
			}, tensors.FromScalar(true))
			if err != nil {
				t.Fatal(err)
			}
			for i, output := range outputs {
				if got := flat32(t, output)[0]; got != want {
					t.Errorf("mean %d, shaped %v, is %v, wanted %v", i, dims, got, want)
				}
			}
		}
	})
}

// A gradient that is not finite ends the run with the name of its task and the step, although its
// loss is finite there and the other task is NaN after it.
func TestBrokenGradientNamesTask(t *testing.T) {
	root := func(labels, predictions []*graph.Node) *graph.Node { // √|y - p|, whose gradient at y = p is 0·∞
		return graph.ReduceAllMean(graph.Sqrt(graph.Abs(graph.Sub(labels[0], predictions[0]))))
	}
	zero := mtl.HeadFunc(func(scope *model.Scope, x *graph.Node) *graph.Node {
		return graph.MulScalar(mtl.DenseHead{Outputs: 1, Scalar: true}.Predict(scope, x), 0)
	})
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, perCall := range []int{1, 4} {
			m, s := regressions("a", "b")
			m.Tasks[1] = mtl.Regression("b", 1, mtl.WithLoss(root), mtl.WithHead(zero))
			s.Labels["b"] = tensors.FromValue(make([]float32, 24))
			_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Steps: 4, StepsPerCall: perCall, Log: quiet})
			if err == nil || !strings.Contains(err.Error(), `the loss of task "b", or its gradient, is NaN at step 1:`) {
				t.Errorf("%d steps a call: the error is %v", perCall, err)
			}
		}
	})
}
