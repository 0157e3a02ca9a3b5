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
)

// unchanged hands each task the input itself.
type unchanged struct{}

func (unchanged) Features(_ *model.Scope, inputs []*graph.Node, tasks []Task) []*graph.Node {
	features := make([]*graph.Node, len(tasks))
	for i := range features {
		features[i] = inputs[0]
	}
	return features
}

// One 1×1 convolution learns y = 2·x - 1 from the pixels that the mask shows; the others hold what would ruin it. The loss and the metrics of a
// model that says 0 everywhere are those of the labels: Σy²/n, its root and Σ|y|/n over the visible pixels.
func TestPixelRegression(t *testing.T) {
	const examples, height, width = 8, 3, 2
	x, y := make([]float32, examples*height*width), make([]float32, examples*height*width)
	known := make([]bool, len(x))
	var squares, sizes, count float64
	for i := range x {
		x[i] = float32(math.Sin(float64(3 * i)))
		y[i], known[i] = 2*x[i]-1, i%5 > 0
		if !known[i] {
			y[i] = float32(math.NaN())
			continue
		}
		squares, sizes, count = squares+float64(y[i]*y[i]), sizes+math.Abs(float64(y[i])), count+1
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		split := &Split{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, examples, height, width, 1)},
			Labels: map[string]*tensors.Tensor{"depth": tensors.FromFlatDataAndDimensions(y, examples, height, width)},
			Masks:  map[string]*tensors.Tensor{"depth": tensors.FromFlatDataAndDimensions(known, examples, height, width)},
		}
		zero := HeadFunc(func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.Squeeze(graph.ZerosLike(x), -1) })
		m := &Model{Arch: unchanged{}, Tasks: []Task{PixelRegression("depth", WithHead(zero))}}
		got, err := Evaluate(context.Background(), b, model.NewStore(), m, split)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float64{"RMSE": math.Sqrt(squares / count), "MAE": sizes / count} {
			if v := got.Metric["depth"][name]; math.Abs(v-want) > 1e-6 {
				t.Errorf("%s is %v, want %v", name, v, want)
			}
		}
		if want := squares / count; math.Abs(got.Loss["depth"]-want) > 1e-6 {
			t.Errorf("the loss is %v, want %v", got.Loss["depth"], want)
		}

		m.Tasks[0] = PixelRegression("depth")
		store := model.NewStore()
		if _, err = Fit(context.Background(), m, Data{Train: split}, FitOptions{Backend: b, Store: store, Steps: 400, LearningRate: 0.03, Log: quiet}); err != nil {
			t.Fatal(err)
		}
		if got, err = Evaluate(context.Background(), b, store, m, split); err != nil {
			t.Fatal(err)
		}
		if r2 := got.Metric["depth"]["R2"]; !(r2 > 0.9999) {
			t.Errorf("R2 is %v after training", r2)
		}
	})
}
