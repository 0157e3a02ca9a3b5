package mtl_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
)

// predict applies a head to a representation of the numbers 0, 1, 2, ... with weights and biases of 1.
func predict(b compute.Backend, head mtl.Head, training bool, dims ...int) (flat []float32, shape []int, err error) {
	size := 1
	for _, d := range dims {
		size *= d
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(i)
	}
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(1))
	exec, err := model.NewExec(b, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		store.SetTraining(x.Graph(), training)
		return head.Predict(scope.WithInitializer(initializer.One), x)
	})
	if err != nil {
		return nil, nil, err
	}
	defer exec.Finalize()
	outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(values, dims...))
	if err != nil {
		return nil, nil, err
	}
	flat, err = tensors.CopyFlatData[float32](outputs[0])
	return flat, outputs[0].Shape().Dimensions, err
}

func TestHeadsByHand(t *testing.T) {
	identity := graph.Identity
	cases := []struct {
		name  string
		head  mtl.Head
		input []int
		shape []int
		want  []float32
	}{
		// Each output is the sum of the inputs and the bias.
		{"dense", mtl.DenseHead{Outputs: 2}, []int{2, 3}, []int{2, 2}, []float32{4, 4, 13, 13}},
		{"scalar", mtl.DenseHead{Outputs: 1, Scalar: true}, []int{2, 3}, []int{2}, []float32{4, 13}},
		{"flattened", mtl.DenseHead{Outputs: 1}, []int{1, 2, 2, 1}, []int{1, 1}, []float32{7}},
		// Means over the six pixels are 5, 6 and 17, 18.
		{"mean", mtl.DenseHead{Outputs: 1, Pool: mtl.SpatialMean}, []int{2, 2, 3, 2}, []int{2, 1}, []float32{12, 36}},
		{"mean of a series", mtl.DenseHead{Outputs: 1, Pool: mtl.SpatialMean}, []int{1, 3, 2}, []int{1, 1}, []float32{6}},
		// Both hidden units are 0+1+2+1 = 4, or -4 through graph.Neg.
		{"hidden", mtl.DenseHead{Hidden: []int{2}, Outputs: 1}, []int{1, 3}, []int{1, 1}, []float32{9}},
		{"hidden, own activation", mtl.DenseHead{Hidden: []int{2}, Outputs: 1, Activation: graph.Neg}, []int{1, 3}, []int{1, 1}, []float32{-7}},
		{"pixels", mtl.PixelHead{Outputs: 2}, []int{1, 1, 2, 2}, []int{1, 1, 2, 2}, []float32{2, 2, 6, 6}},
		{"pixels, hidden", mtl.PixelHead{Outputs: 1, Hidden: []int{3}, Activation: identity}, []int{1, 1, 2, 2}, []int{1, 1, 2, 1}, []float32{7, 19}},
		{"pixels, scalar", mtl.PixelHead{Outputs: 1, Scalar: true}, []int{1, 1, 2, 2}, []int{1, 1, 2}, []float32{2, 6}},
		{"pixels, scalar, larger", mtl.PixelHead{Outputs: 1, Scalar: true, Upsample: 2}, []int{1, 1, 2, 1}, []int{1, 2, 4}, []float32{1, 1, 2, 2, 1, 1, 2, 2}},
		{"nearest, scalar", mtl.NearestPixelHead{Outputs: 1, Scalar: true, Upsample: 2}, []int{1, 1, 2, 1}, []int{1, 2, 4}, []float32{1, 1, 2, 2, 1, 1, 2, 2}},
		{"nearest", mtl.NearestPixelHead{Outputs: 1, Upsample: 2}, []int{1, 2, 2, 1}, []int{1, 4, 4, 1}, []float32{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}},
		{"nearest, no enlargement", mtl.NearestPixelHead{Outputs: 1}, []int{1, 2, 2, 1}, []int{1, 2, 2, 1}, []float32{1, 2, 3, 4}},
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for _, c := range cases {
			got, shape, err := predict(b, c.head, false, c.input...)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if !slices.Equal(shape, c.shape) || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v %v; wanted %v %v", c.name, shape, got, c.shape, c.want)
			}
		}
	})
}

// Channel (row·2 + column)·outputs + o becomes output o of that row and column of the block: the weights let each channel show its number.
func TestDepthToSpace(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		store := model.NewStore()
		exec, err := model.NewExec(b, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
			dense := scope.At("output").At("dense")
			dense.VariableWithValue("weights", [][]float32{{1, 1, 1, 1, 1, 1, 1, 1}})
			dense.VariableWithValue("biases", []float32{0, 1, 2, 3, 4, 5, 6, 7})
			return mtl.PixelHead{Outputs: 2, Upsample: 2}.Predict(scope, x)
		})
		if err != nil {
			t.Fatal(err)
		}
		outputs, err := exec.Call([][][][]float32{{{{100}, {200}}}})
		if err != nil {
			t.Fatal(err)
		}
		want := [][][][]float32{{
			{{100, 101}, {102, 103}, {200, 201}, {202, 203}},
			{{104, 105}, {106, 107}, {204, 205}, {206, 207}},
		}}
		if got := outputs[0].Value(); !slices.EqualFunc(got.([][][][]float32)[0], want[0], func(a, b [][]float32) bool {
			return slices.EqualFunc(a, b, slices.Equal[[]float32])
		}) {
			t.Errorf("got %v; wanted %v", got, want)
		}
	})
}

// 400 hidden units of 2 give 801 in evaluation; in training each is 0 or 2/(1-0.25).
func TestHeadDropout(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		head := mtl.DenseHead{Hidden: []int{400}, Outputs: 1, Dropout: 0.25}
		for _, training := range []bool{false, true} {
			got, _, err := predict(b, head, training, 1, 2)
			if err != nil {
				t.Fatal(err)
			}
			// Five standard deviations of the sum.
			tolerance := 0.0
			if training {
				tolerance = 5 * math.Sqrt(400*0.25/0.75) * 2
			}
			if math.Abs(float64(got[0])-801) > tolerance || (training && got[0] == 801) {
				t.Errorf("training %v: %v; wanted 801 within %v", training, got[0], tolerance)
			}
		}
	})
}

func TestBadHeads(t *testing.T) {
	cases := []struct {
		head  mtl.Head
		input []int
		want  string
	}{
		{mtl.DenseHead{}, []int{1, 2}, "0 outputs"},
		{mtl.DenseHead{Outputs: 2, Scalar: true}, []int{1, 2}, "exactly 1 for a scalar"},
		{mtl.DenseHead{Outputs: 1, Hidden: []int{4, -1}}, []int{1, 2}, "hidden layer 1 of a head has width -1"},
		{mtl.DenseHead{Outputs: 1, Dropout: 1.5}, []int{1, 2}, "dropout 1.5"},
		{mtl.DenseHead{Outputs: 1, Pool: mtl.SpatialMean}, []int{1, 2}, "let the trunk keep its spatial axes"},
		{mtl.PixelHead{Outputs: 3}, []int{1, 2}, "feature map [batch, height, width, features]"},
		{mtl.PixelHead{}, []int{1, 2, 2, 1}, "0 outputs"},
		{mtl.PixelHead{Outputs: 2, Scalar: true}, []int{1, 2, 2, 1}, "exactly 1 output for a scalar"},
		{mtl.NearestPixelHead{Outputs: 1, Upsample: -2}, []int{1, 2, 2, 1}, "Upsample -2"},
	}
	for _, c := range cases {
		if _, _, err := predict(backendtest.Go(t), c.head, false, c.input...); err == nil || !strings.Contains(err.Error(), "mtl: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v on %v: error %v; wanted one with %q", c.head, c.input, err, c.want)
		}
	}
}
