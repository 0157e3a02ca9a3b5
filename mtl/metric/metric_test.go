package metric_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes/gotype"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl/metric"
)

// A fixture is labels and predictions with the figures of scikit-learn, made by testdata/metrics.py.
type fixture struct {
	Name                 string
	Classes              int
	Dims, PredictionDims []int
	Label, Prediction    []float64
	Mask                 []int
	Values               map[string]float64
}

// metric makes the metric of a name in the fixture.
func (f fixture) metric(t *testing.T, name string) metric.Metric {
	var k int
	if n, _ := fmt.Sscanf(name, "top%d", &k); n == 1 {
		return metric.TopK{K: k}
	}
	switch name {
	case "accuracy":
		return metric.Accuracy{}
	case "pixelAccuracy":
		return metric.PixelAccuracy{}
	case "binaryAccuracy":
		return metric.BinaryAccuracy{}
	case "macroF1":
		return metric.MacroF1{Classes: f.Classes}
	case "mIoU":
		return metric.MeanIoU{Classes: f.Classes}
	case "F1":
		return metric.BinaryF1{}
	case "MAE":
		return metric.MAE{}
	case "RMSE":
		return metric.RMSE{}
	case "R2":
		return metric.R2{}
	}
	t.Fatalf("the fixture has the unknown metric %q", name)
	return nil
}

// batch is the examples from..to as tensors. What the mask hides is poisoned: class indices far out of range, NaN elsewhere.
func (f fixture) batch(from, to int) (label, mask, prediction *tensors.Tensor) {
	n := f.Dims[0]
	labels, logits := len(f.Label)/n, len(f.Prediction)/n
	width := len(f.Prediction) / len(f.Label)
	dims, predictionDims := append([]int{to - from}, f.Dims[1:]...), append([]int{to - from}, f.PredictionDims[1:]...)
	known := make([]bool, 0, (to-from)*labels)
	for _, m := range f.Mask[from*labels : to*labels] {
		known = append(known, m == 1)
	}
	values := make([]float32, 0, (to-from)*logits)
	for i, v := range f.Prediction[from*logits : to*logits] {
		if !known[i/width] {
			v = math.NaN()
		}
		values = append(values, float32(v))
	}
	truth := f.Label[from*labels : to*labels]
	if f.Classes > 0 {
		label = poisoned[int32](truth, known, -77, dims)
	} else {
		label = poisoned(truth, known, float32(math.NaN()), dims)
	}
	return label, tensors.FromFlatDataAndDimensions(known, dims...), tensors.FromFlatDataAndDimensions(values, predictionDims...)
}

func poisoned[T interface {
	gotype.Supported
	int32 | float32
}](values []float64, known []bool, poison T, dims []int) *tensors.Tensor {
	flat := make([]T, len(values))
	for i, v := range values {
		flat[i] = poison
		if known[i] {
			flat[i] = T(v)
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

// evaluate adds up the sums of batches of these sizes (the last one again and again) and returns the sums.
func evaluate(exec *graph.Exec, f fixture, sizes ...int) ([]float64, error) {
	var sums []float64
	for from := 0; from < f.Dims[0]; {
		to := min(from+sizes[0], f.Dims[0])
		label, mask, prediction := f.batch(from, to)
		output, err := exec.Call1(label, mask, prediction)
		if err != nil {
			return nil, err
		}
		batch, err := tensors.CopyFlatData[float64](output)
		if err != nil {
			return nil, err
		}
		if sums == nil {
			sums = make([]float64, len(batch))
		}
		for i, sum := range batch {
			sums[i] += sum
		}
		from = to
		sizes = sizes[min(1, len(sizes)-1):]
	}
	return sums, nil
}

func TestAgainstScikitLearn(t *testing.T) {
	var fixtures []fixture
	file, err := os.ReadFile("testdata/metrics.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &fixtures); err != nil {
		t.Fatal(err)
	}
	backendtest.Each(t, func(t *testing.T, b compute.Backend) {
		programs := make(map[metric.Metric]*graph.Exec) // compiled once for each shape
		for _, f := range fixtures {
			for name, want := range f.Values {
				m := f.metric(t, name)
				if programs[m] == nil {
					program, err := graph.NewExec(b, m.Sums)
					if err != nil {
						t.Fatal(err)
					}
					programs[m] = program.SetMaxCache(-1)
				}
				for _, sizes := range [][]int{{f.Dims[0]}, {7}, {1, 20, 3, 11}} {
					sums, err := evaluate(programs[m], f, sizes...)
					if err != nil {
						t.Fatalf("%s, %s: %v", f.Name, name, err)
					}
					if got := m.Value(sums); !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
						t.Errorf("%s, %s in batches of %v: got %.12g, scikit-learn has %.12g", f.Name, name, sizes, got, want)
					}
				}
			}
		}
	})
}
