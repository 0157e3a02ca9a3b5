package relate

import (
	"math"
	"testing"

	"github.com/gomtl/gomtl/mtl/affinity"
)

// A consistent matrix of comparisons v_i/v_j has the eigenvector v (Saaty).
func TestPrincipal(t *testing.T) {
	v := []float64{0.5, 0.3, 0.2}
	var matrix [][]float64
	for i := range v {
		var row []float64
		for j := range v {
			row = append(row, v[i]/v[j])
		}
		matrix = append(matrix, row)
	}
	for i, got := range principal(matrix) {
		if math.Abs(got-v[i]) > 1e-12 {
			t.Errorf("entry %d is %v; wanted %v", i, got, v[i])
		}
	}
}

// Two sources for the third task: one is better on 3 blocks of 4, so that the odds 3 to 1 are the ratio of their affinities.
func TestNormalized(t *testing.T) {
	r := &Transferred{Loss: affinity.New("loss", false, "a", "b", "c"), blocks: [][][]float64{
		{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}},
		{{1, 1, 1, 1}, {1, 1, 1, 1}, {2, 2, 0.5, 2}},
		{{1, 1, 1, 1}, {1, 1, 1, 1}, {0, 0, 0, 0}},
	}}
	m := r.Normalized()
	for from, want := range map[string]float64{"a": 0.75, "b": 0.25, "c": 0} {
		if got := m.Of(from, "c"); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s for c: %v; wanted %v", from, got, want)
		}
	}
}
