package relate_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/affinity"
	"github.com/gomtl/gomtl/mtl/relate"
)

// The expectations come from testdata/similarity.py.
func TestSimilarityAgainstPython(t *testing.T) {
	text, err := os.ReadFile("testdata/similarity.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Rows               [][][]float64
		CKA, Unbiased, RSA [][]float64
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	r := &relate.Represented{Tasks: []string{"a", "b", "c"}, Rows: want.Rows}
	for name, c := range map[string]struct {
		of   func(*relate.Represented) (*affinity.Matrix, error)
		want [][]float64
	}{"CKA": {relate.CKA, want.CKA}, "unbiased CKA": {relate.UnbiasedCKA, want.Unbiased}, "RSA": {relate.RSA, want.RSA}} {
		got, err := c.of(r)
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name, got.Values, c.want, 1e-9)
		if err := got.Check(); err != nil {
			t.Error(err)
		}
	}
	r.Rows[1] = r.Rows[1][:5]
	if _, err := relate.CKA(r); err == nil {
		t.Error("no error for tasks with different examples")
	}
}

func TestLabelCorrelation(t *testing.T) {
	tasks := []mtl.Task{mtl.Regression("a", 1), mtl.Regression("b", 1), mtl.Classification("c", 2)}
	split := &mtl.Split{
		Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{{0}, {0}, {0}, {0}, {0}})},
		Labels: map[string]*tensors.Tensor{
			"a": tensors.FromValue([]float32{1, 2, 3, 4, 99}), "b": tensors.FromValue([]float32{-2, -4, -5, -9, 0}), "c": tensors.FromValue([]int32{0, 0, 1, 1, 0}),
		},
		Masks: map[string]*tensors.Tensor{"a": tensors.FromValue([]bool{true, true, true, true, false})},
	}
	m, err := relate.LabelCorrelation(split, tasks)
	if err != nil {
		t.Fatal(err)
	}
	// Pearson's of (1, 2, 3, 4) with (-2, -4, -5, -9), and the size of that with (0, 0, 1, 1): columns c and 1-c have one direction.
	if a, b := m.Of("a", "b"), -11/math.Sqrt(5*26); math.Abs(a-b) > 1e-9 {
		t.Errorf("a and b correlate by %v; wanted %v", a, b)
	}
	if a, b := m.Of("a", "c"), 2/math.Sqrt(5); math.Abs(a-b) > 1e-9 {
		t.Errorf("a and c correlate by %v; wanted %v", a, b)
	}
	// The same with an ignored label in the mask's place.
	delete(split.Masks, "a")
	tasks[0] = mtl.Regression("a", 1, mtl.WithIgnoreLabel(99))
	if ignored, err := relate.LabelCorrelation(split, tasks); err != nil || ignored.Of("a", "b") != m.Of("a", "b") {
		t.Errorf("with 99 ignored a and b correlate by %v, with it masked out by %v; %v", ignored.Of("a", "b"), m.Of("a", "b"), err)
	}
	if _, err := relate.LabelCorrelation(split, []mtl.Task{mtl.Regression("d", 1)}); err == nil {
		t.Error("no error for a task without labels")
	}
}

func near(t *testing.T, what string, got, want [][]float64, tolerance float64) {
	t.Helper()
	for i := range want {
		for j := range want[i] {
			if !(math.Abs(got[i][j]-want[i][j]) <= tolerance*(1+math.Abs(want[i][j]))) {
				t.Errorf("%s: [%d][%d] is %v; wanted %v", what, i, j, got[i][j], want[i][j])
			}
		}
	}
}
