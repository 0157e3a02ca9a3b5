package mtl_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/arch"
	"github.com/gomtl/gomtl/mtl/history"
	"github.com/gomtl/gomtl/mtl/metric"
)

// converted is a tensor as another type.
func converted(t *testing.T, x *tensors.Tensor, dtype dtypes.DType) *tensors.Tensor {
	t.Helper()
	return made(t, x, func(x *graph.Node) *graph.Node { return graph.ConvertDType(x, dtype) })
}

// made is what fn makes of a tensor, for any backend.
func made(t *testing.T, x *tensors.Tensor, fn func(x *graph.Node) *graph.Node) *tensors.Tensor {
	t.Helper()
	local, err := x.LocalClone()
	if err != nil {
		t.Fatal(err)
	}
	y, err := graph.CallOnce(backendtest.Go(t), fn, local)
	if err == nil {
		err = y.ToLocal()
	}
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// Inputs of 16 bits train like those of 32 that they stand for, and NaN is found in every type.
func TestInputTypes(t *testing.T) {
	ctx := context.Background()
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		fit := func(s *mtl.Split) float64 {
			m, _ := regressions("a")
			h, err := mtl.Fit(ctx, m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Steps: 30, LearningRate: 1e-2, StepsPerCall: 1, Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return h.Last(history.Train).Loss["a"]
		}
		for _, dtype := range []dtypes.DType{dtypes.Float16, dtypes.BFloat16} {
			_, s := regressions("a")
			s.Inputs[0] = converted(t, s.Inputs[0], dtype)
			got := fit(s)
			s.Inputs[0] = converted(t, s.Inputs[0], dtypes.Float32)
			if want := fit(s); got != want {
				t.Errorf("a loss of %v on %s, of %v on the same numbers as float32", got, dtype, want)
			}
		}
	})
	for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32, dtypes.Float16, dtypes.BFloat16} {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
			m, s := regressions("a")
			flat, err := tensors.CopyFlatData[float32](s.Inputs[0])
			if err != nil {
				t.Fatal(err)
			}
			flat[3*5+1] = bad
			s.Inputs[0] = converted(t, tensors.FromFlatDataAndDimensions(flat, 24, 3), dtype)
			wantError(t, m, s, mtl.FitOptions{}, "input 0 of the train split", "example 5", "finite")
		}
	}
}

// wantError wants Fit to stop with all of these words before it compiles.
func wantError(t *testing.T, m *mtl.Model, s *mtl.Split, o mtl.FitOptions, words ...string) {
	t.Helper()
	o.Backend, o.Log = backendtest.Go(t), quiet
	if o.Steps == 0 && o.Epochs == 0 {
		o.Steps = 3
	}
	_, err := mtl.Fit(context.Background(), m, mtl.Data{Train: s, Validation: s}, o)
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %v; wanted one with %q", err, word)
		}
	}
	if err != nil && (strings.Contains(err.Error(), "runtime error") || strings.Contains(err.Error(), "does not compile")) {
		t.Errorf("the error is %v; wanted one from before the compilation", err)
	}
}

func TestBadSplits(t *testing.T) {
	for what, c := range map[string]struct {
		change func(m *mtl.Model, s *mtl.Split)
		words  []string
	}{
		"no inputs":       {func(_ *mtl.Model, s *mtl.Split) { s.Inputs = nil }, []string{"train split is empty"}},
		"a nil input":     {func(_ *mtl.Model, s *mtl.Split) { s.Inputs = append(s.Inputs, nil) }, []string{"input 1 of the train split is nil"}},
		"first input nil": {func(_ *mtl.Model, s *mtl.Split) { s.Inputs[0] = nil }, []string{"input 0 of the train split is nil"}},
		"a scalar":        {func(_ *mtl.Model, s *mtl.Split) { s.Inputs[0] = tensors.FromScalar(float32(1)) }, []string{"input 0", "scalar"}},
		"no features": {func(_ *mtl.Model, s *mtl.Split) { s.Inputs[0] = tensors.FromFlatDataAndDimensions([]float32{}, 24, 0) },
			[]string{"input 0", "empty", "[24, 0]"}},
		"float64 labels": {func(_ *mtl.Model, s *mtl.Split) { s.Labels["a"] = tensors.FromValue(make([]float64, 24)) }, []string{"task a", "Float64", "float32"}},
		"int64 classes": {func(m *mtl.Model, s *mtl.Split) {
			m.Tasks[0] = mtl.Classification("a", 3)
			s.Labels["a"] = tensors.FromValue(make([]int64, 24))
		}, []string{`task "a"`, "Int64", "int32"}},
		"uint8 classes": {func(m *mtl.Model, s *mtl.Split) {
			m.Tasks[0] = mtl.Classification("a", 3)
			s.Labels["a"] = tensors.FromValue(make([]uint8, 24))
		}, []string{`task "a"`, "Uint8", "int32"}},
		"one-hot classes": {func(m *mtl.Model, s *mtl.Split) {
			m.Tasks[0] = mtl.Classification("a", 3)
			s.Labels["a"] = tensors.FromFlatDataAndDimensions(make([]int32, 72), 24, 3)
		}, []string{`task "a"`, "[24, 3]", "[24]"}},
		"labels of another shape": {func(_ *mtl.Model, s *mtl.Split) {
			s.Labels["a"] = tensors.FromFlatDataAndDimensions(make([]float32, 48), 24, 2)
		}, []string{`task "a"`, "[24, 2]", "[24]"}},
		"an ignored label only": {func(m *mtl.Model, s *mtl.Split) {
			m.Tasks[0] = mtl.Binary("a", mtl.WithIgnoreLabel(-1))
			y := make([]float32, 24)
			for i := range y {
				y[i] = -1
			}
			s.Labels["a"] = tensors.FromValue(y)
		}, []string{`task "a" has no labelled example in the train split`}},
		"nothing but unknown labels": {func(_ *mtl.Model, s *mtl.Split) { s.Masks["a"] = tensors.FromValue(make([]bool, 24)) },
			[]string{`task "a" has no labelled example in the train split`}},
		"names of other classes": {func(m *mtl.Model, _ *mtl.Split) { m.Tasks[0] = mtl.Classification("a", 3, mtl.WithClasses("x", "y")) },
			[]string{`task "a" has 3 classes and names 2`}},
		"names of other pixel classes": {func(m *mtl.Model, _ *mtl.Split) { m.Tasks[0] = mtl.Segmentation("a", 3, mtl.WithClasses("x", "y")) },
			[]string{`task "a" has 3 classes and names 2`}},
		"names of other answers": {func(m *mtl.Model, _ *mtl.Split) { m.Tasks[0] = mtl.Binary("a", mtl.WithClasses("x", "y", "z")) },
			[]string{`task "a" has 2 classes and names 3`}},
		"a metric of other labels": {func(m *mtl.Model, _ *mtl.Split) {
			m.Tasks[0] = mtl.Regression("a", 1, mtl.WithMetrics(metric.Accuracy{}))
		}, []string{`task "a": its metric accuracy`, "Float32)[24]"}},
		"a head without outputs": {func(m *mtl.Model, _ *mtl.Split) { m.Tasks[0] = mtl.Regression("a", 0) },
			[]string{`task "a": its head`, "0 outputs"}},
		"a delta below 0": {func(m *mtl.Model, _ *mtl.Split) { m.Tasks[0] = mtl.Regression("a", 1, mtl.WithLoss(mtl.Huber(-1))) },
			[]string{`task "a"`, "Huber has delta -1"}},
	} {
		t.Run(what, func(t *testing.T) {
			m, s := regressions("a")
			c.change(m, s)
			wantError(t, m, s, mtl.FitOptions{BatchSize: 24}, c.words...)
		})
	}
}

// Labels [examples, 1] are labels [examples], in training, evaluation and figures.
func TestLabelColumns(t *testing.T) {
	ctx := context.Background()
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		for what, task := range map[string]mtl.Task{
			"regression": mtl.Regression("a", 1), "binary": mtl.Binary("a"), "classification": mtl.Classification("a", 2),
			"one value": mtl.Regression("a", 1, mtl.WithHead(mtl.DenseHead{Outputs: 1})), // predictions [batch, 1]
		} {
			_, s := regressions("a")
			switch what {
			case "binary":
				s.Labels["a"] = tensors.FromValue(append(make([]float32, 23), 1))
			case "classification":
				s.Labels["a"] = tensors.FromValue(append(make([]int32, 23), 1))
			}
			known := make([]bool, 24)
			for i := range known {
				known[i] = i%4 > 0
			}
			s.Masks["a"] = tensors.FromValue(known)
			flat, err := figures(ctx, b, task, s)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			s.Labels["a"] = made(t, s.Labels["a"], func(x *graph.Node) *graph.Node { return graph.InsertAxes(x, -1) })
			wide, err := figures(ctx, b, task, s)
			if err != nil {
				t.Errorf("%s, labels in a column: %v", what, err)
			}
			for name, want := range flat {
				if got := wide[name]; !(math.Abs(got-want) <= 1e-12*math.Abs(want)) { // sums in another order
					t.Errorf("%s, labels in a column: %s is %v, otherwise %v", what, name, got, want)
				}
			}
		}
	})
}

// figures are a task's loss and metrics after a few steps.
func figures(ctx context.Context, b compute.Backend, task mtl.Task, s *mtl.Split) (map[string]float64, error) {
	m, store := &mtl.Model{Arch: arch.HardSharing{Trunk: arch.Dense{Widths: []int{4}}}, Tasks: []mtl.Task{task}}, model.NewStore()
	if _, err := mtl.Fit(ctx, m, mtl.Data{Train: s}, mtl.FitOptions{Backend: b, Store: store, Steps: 5, StepsPerCall: 1, Log: quiet}); err != nil {
		return nil, err
	}
	e, err := mtl.Evaluate(ctx, b, store, m, s)
	if err != nil {
		return nil, err
	}
	e.Metric[task.Name]["loss"] = e.Loss[task.Name]
	return e.Metric[task.Name], nil
}

// An ignored label of a float task is an unknown one: the same to the bit as a mask.
func TestIgnoredFloats(t *testing.T) {
	ctx := context.Background()
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		y, known := make([]float32, 24), make([]bool, 24)
		for i := range y {
			y[i], known[i] = float32(i%2), i%3 > 0
			if !known[i] {
				y[i] = -1
			}
		}
		_, s := regressions("a")
		s.Labels["a"] = tensors.FromValue(y)
		ignored, err := figures(ctx, b, mtl.Binary("a", mtl.WithIgnoreLabel(-1)), s)
		if err != nil {
			t.Fatal(err)
		}
		s.Masks["a"] = tensors.FromValue(known)
		masked, err := figures(ctx, b, mtl.Binary("a"), s)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range masked {
			if ignored[name] != want {
				t.Errorf("%s is %v with an ignored label, %v with a mask", name, ignored[name], want)
			}
		}
	})
}
