// Package oracles_test holds mtl against the PyTorch fixtures that the scripts of this folder write: task losses with masks and
// gradients, and training steps of a stock GoMLX trainer.
package oracles_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// read decodes a fixture of mtl/testdata.
func read(t *testing.T, name string, into any) {
	t.Helper()
	file, err := os.ReadFile("../../mtl/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, into); err != nil {
		t.Fatal(err)
	}
}

// array is a JSON array of any rank: of numbers, or of booleans as 0 and 1.
type array struct {
	dims []int
	flat []float64
}

func (a *array) UnmarshalJSON(text []byte) error {
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		return err
	}
	*a = array{}
	a.add(parsed, 0)
	return nil
}

func (a *array) add(value any, depth int) {
	switch v := value.(type) {
	case []any:
		if len(a.dims) == depth {
			a.dims = append(a.dims, len(v))
		}
		for _, item := range v {
			a.add(item, depth+1)
		}
	case bool:
		bit := 0.0
		if v {
			bit = 1
		}
		a.flat = append(a.flat, bit)
	case float64:
		a.flat = append(a.flat, v)
	}
}

// tensorOf converts to a tensor of T.
func tensorOf[T float32 | int32](a array) *tensors.Tensor {
	flat := make([]T, len(a.flat))
	for i, v := range a.flat {
		flat[i] = T(v)
	}
	return tensors.FromFlatDataAndDimensions(flat, a.dims...)
}

func boolTensor(a array) *tensors.Tensor {
	flat := make([]bool, len(a.flat))
	for i, v := range a.flat {
		flat[i] = v != 0
	}
	return tensors.FromFlatDataAndDimensions(flat, a.dims...)
}

// numbers converts a float32 tensor.
func numbers(t *testing.T, from *tensors.Tensor) []float64 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](from)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(flat))
	for i, v := range flat {
		out[i] = float64(v)
	}
	return out
}

// near fails where a value is off by more than tolerance, relative to the wanted value or to 1, whichever is larger.
func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: value %d is %.9g, want %.9g", what, i, got[i], want[i])
		}
	}
}
